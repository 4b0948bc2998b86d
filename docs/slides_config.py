# Slides of a lesson that need no network: see docs/teaching.md. nbconvert reads this file with
#
#     jupyter nbconvert --to slides --config slides_config.py 01_single_picture.ipynb
#
# The page asks for what it needs in the folder node_modules beside it. Take that folder along.
c = get_config()  # noqa: F821

slides = c.SlidesExporter
slides.reveal_url_prefix = "node_modules/reveal.js"
slides.require_js_url = "node_modules/requirejs/require.js"
slides.jquery_url = "node_modules/jquery/dist/jquery.min.js"
slides.mathjax_url = "node_modules/mathjax/MathJax.js?config=TeX-AMS_CHTML-full"
# The lessons have no diagrams of mermaid, which would be asked for on the network.
slides.mermaid_js_url = "data:text/javascript,export default {initialize() {}}"
# Other themes ask for fonts on the network.
slides.reveal_theme = "white"
slides.exclude_input = True
slides.embed_images = True
