"""Slides of a lesson that need no network; docs/teaching.md says how they are made.

The page asks for what it needs in the folder node_modules beside it.
"""

c = get_config()  # noqa: F821 nbconvert has it

slides = c.SlidesExporter
slides.reveal_url_prefix = "node_modules/reveal.js"
slides.require_js_url = "node_modules/requirejs/require.js"
slides.jquery_url = "node_modules/jquery/dist/jquery.min.js"
slides.mathjax_url = "node_modules/mathjax/MathJax.js?config=TeX-AMS_CHTML-full"
# Other themes ask for fonts on the network.
slides.reveal_theme = "white"
slides.exclude_input = True
slides.exclude_output_prompt = True
slides.embed_images = True
slides.reveal_scroll = True  # for the few that are longer than the screen
