"""What a page may write: of every widget of stylekit, only what a user moves there."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from pathlib import Path

import ipywidgets
import pytest

import stylekit
import stylekit as sk
from stylekit.widgets.base import guarded
from stylekit.widgets.base.upload import Upload, UploadState
from stylekit.widgets.base.widget import PageGuard
from stylekit.widgets.studio.parts import Choice

# All that a page writes, by class. A new row is a decision: who has the page may send any value.
WRITTEN = {
    "Amount": {"value"},
    "Checkbox": {"value"},
    "Choice": {"index"},
    "Dropdown": {"index"},
    "FloatLogSlider": {"value"},
    "FloatSlider": {"value"},
    "FloatText": {"value"},
    "Fold": {"is_open"},
    "HistorySlider": {"step", "comparing"},
    "IntSlider": {"value"},
    "Line": {"value"},
    "LiveTraining": {"frame_index"},
    "PictureCanvas": {"painted"},
    "Slider": {"value"},
    "Tick": {"value"},
    "WeightControls": {"values"},
}
# They say how a widget looks on the page that it is on, and nothing reads them.
LOOKS = (ipywidgets.Layout, ipywidgets.Style)


def page_writes(widget: ipywidgets.Widget, **state: object) -> None:
    """What the kernel does with a message of a page."""
    widget._handle_msg({"content": {"data": {"method": "update", "state": state}}, "buffers": []})


def classes(base: type) -> Iterator[type]:
    for each in base.__subclasses__():
        yield each
        yield from classes(each)


def test_only_what_is_listed_can_be_written() -> None:
    from stylekit.widgets.studio import studio  # noqa: F401 the largest panel imports the others

    own = [each for each in classes(PageGuard) if each.__module__.startswith("stylekit.")]
    assert {each.__name__: set(each.page_writes) for each in own if each.page_writes} == WRITTEN
    assert len(own) > 40


def test_every_widget_of_the_studio_is_guarded(tmp_path: Path) -> None:
    """Also those that ipywidgets brings: none of its classes is used as it is."""
    before = set(ipywidgets.widgets.widget._instances)
    studio = sk.Studio(folder=tmp_path, backbone="vgg16")
    made = [w for key, w in ipywidgets.widgets.widget._instances.items() if key not in before]
    assert len(made) > 100
    assert {type(w) for w in made if not isinstance(w, (PageGuard, *LOOKS))} == set()
    studio.close()


def test_no_source_uses_a_class_of_ipywidgets_that_is_not_guarded() -> None:
    for path in Path(stylekit.__file__).parent.rglob("*.py"):
        if path.name != "guarded.py":
            code = re.sub(r'"""[\s\S]*?"""', "", path.read_text(encoding="utf-8"))
            used = set(re.findall(r"ipywidgets\.(\w+)", code))
            assert used <= {"Widget", "DOMWidget", "Layout", "dlink"}, path


@pytest.mark.parametrize(
    "state", [{"_max_bytes": 10**9}, {"_accept": [".exe"]}, {"_state": "accepted"}, {"_label": "x"}]
)
def test_an_upload_keeps_its_limits_and_its_state(state: dict[str, object]) -> None:
    slot = Upload(label="Style", accept=[".png"], max_bytes=100, validate=lambda path: path.name)
    before, sent = slot.get_state(), []
    slot.comm.send = lambda data, **_: sent.append(data)  # type: ignore[method-assign]
    page_writes(slot, **state)
    assert slot.get_state() == before
    # The page is told what counts.
    (name,) = state
    assert [message["state"] for message in sent] == [{name: before[name]}]
    slot._handle_custom_msg({"type": "begin", "token": "1", "name": "a.exe", "size": 10**8}, [])
    assert slot.state is UploadState.REFUSED


def test_a_range_and_options_stay_as_they_are() -> None:
    slider = guarded.IntSlider(min=1, max=3, value=2)
    page_writes(slider, max=99, value=50)
    assert (slider.max, slider.value) == (3, 3)
    choice = guarded.Dropdown(options=["a", "b"])
    page_writes(choice, _options_labels=["a", "b", "c"], index=1)
    assert choice.value == "b" and choice._options_labels == ("a", "b")
    page_writes(choice, index=2)
    assert choice.value == "b"
    box = guarded.Box([slider])
    page_writes(box, children=[])
    assert box.children == (slider,)


@pytest.mark.parametrize("index", [-1, 2, 10**9])
def test_a_choice_that_is_not_offered_is_not_taken(index: int) -> None:
    choice = Choice("Size", ["64", "128"], index=1)
    page_writes(choice, index=index)
    assert choice.index == 1
    page_writes(choice, index=0)
    assert choice.index == 0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_numbers_that_are_not_finite_are_not_taken(value: float) -> None:
    field, panel = guarded.FloatText(value=1.0), sk.WeightPanel()
    page_writes(field, value=value)
    assert field.value == 1.0
    values = panel.controls.values
    page_writes(panel.controls, values={**values, "beta": value})
    assert panel.controls.values == values and panel.current() == sk.Weights()


def test_what_a_user_moves_arrives() -> None:
    panel = sk.WeightPanel()
    page_writes(panel.controls, values={**panel.controls.values, "beta": 2e4})
    assert panel.current().beta == 2e4
