"""stylekit: neural style transfer for pictures and videos.

>>> import stylekit as sk
>>> cat, swirls = sk.load("chelsea"), sk.load("swirls")
>>> painting = sk.Stylization(cat, swirls)
>>> sk.Player(painting, panel=sk.WeightPanel())

Each name is loaded when it is first used.

- Files: `load` and `save`; `load_alpha` reads a picture's transparency, and `resize_image` changes
  its size.
- Settings: `Weights` of the losses, `ImageSettings`, `VideoSettings`; `load_preset` reads those of
  an earlier result, and `load_weight_schedule` how its weights moved.
- Pictures: `Stylization` is painted step by step, `stylize_image` to the end; `match_colors`
  gives a picture the colours of another. `TimeLapse` makes a short clip of the steps. `Image` is
  the type of a picture: float32 RGB `(H, W, 3)` in [0, 1].
- Clips: `VideoRun` is painted frame by frame, `stylize_video` to the end; `open_run` opens a
  finished one. `propagate` paints a clip from a `Keyframe` or more, frames that are painted
  already; `KeyframeRun` does so frame by frame, with `KeyframeSettings`.
- Motion: `estimate_flow` and `flow_between` with a `FlowMethod`, `warp` along the flow, and
  `consistency_mask`, which says where the flow can be trusted. `make_scene` makes a clip whose
  motion is known exactly.
- Measures: `style_distance`, and `unused_style_distance` on layers that no loss compares;
  `warping_error`, and `exact_warping_error` of a scene; `sharpness`, and `sharpness_kept` in a
  clip. `pull_maps` and `balance` say how strongly each loss changes the picture.
- Panels for notebooks: `Player`, `WeightPanel`, `ForceMaps`, `LossExplorer`, `WhatIf`,
  `MaskExplorer`, `SmudgeProbe`, `WeightTranslator`, `SplitView`, `ClipPair`, and `Studio`, a whole
  page.

- Exercises: `exercises` has the checks of what students write; `broken` paints with a published
  mistake, which is to be found.

Whatever is needed more rarely is in the packages, for example `sk.plots.plot_frames`:

- `plots`: figures of frames, flow, masks and losses
- `media`: files of pictures and clips, and what they record about their making
- `motion`: optical flow, its masks, and their scores against exact motion
- `scenes`: clips with exact motion
- `image`, `video`: how one picture and a clip are painted
- `vgg`: the network, its weights and its features
- `explain`: why a result looks as it does
- `translate`: what the weights of other programs mean here
- `exercises`: checks of what students write, their hints, and programs with a mistake
- `widgets`: all panels and their parts

and in the modules `arrays` (conventions and checks), `errors`, `losses` (the equations),
`samples` (built-in pictures and clips) and `settings` (every option and its range).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.12.0"
