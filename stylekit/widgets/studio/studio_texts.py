"""The words of the studio's page that do not change."""

from __future__ import annotations

from ...settings import MediaLimits


def guidelines_html(limits: MediaLimits) -> str:
    """What is accepted, what comes out well, how long it takes, and what to bear in mind."""
    megapixels = limits.picture_pixels // 1_000_000
    return f"""
<h3>Good to know</h3>
<ul>
<li><b>Files.</b> Pictures up to {megapixels} megapixels, clips up to
{limits.clip_bytes // 1_000_000} MB, sides from {limits.min_side} pixels on. They are painted small:
choose the size below.</li>
<li><b>Content.</b> Large shapes, clear edges, some contrast. Small faces and writing get lost.
Clips: steady light, motion that is not too fast.</li>
<li><b>Style.</b> Visible strokes and a few strong colours, all over the picture.</li>
<li><b>Time.</b> Start small: twice the size takes four times as long.</li>
<li><b>Say so.</b> Every result says in its file that it was made by AI, and from what.</li>
<li><b>Rights.</b> Pictures of others belong to them: ask before you publish what you made.</li>
<li><b>Privacy.</b> Files stay on the machine that runs this page and are removed when it ends.</li>
</ul>"""
