"""What the weights of published codes mean in stylekit.

::

    translator = Translator(objective.extractor, content, style, settings)
    translation = translator.translate(JOHNSON, JOHNSON.weights)
    print(translation.weights.beta, *translation.notes)
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
