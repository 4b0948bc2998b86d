"""What the weights of published codes mean here.

>>> translator = Translator(objective.extractor, content, style, settings)
>>> translation = translator.translate(JOHNSON, JOHNSON.weights)
>>> translation.weights.beta, translation.notes
"""
