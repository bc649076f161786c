"""The page is one document with its own policy, and only what we wrote is markup in it."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from importlib import resources
from io import BytesIO

from tests.profiles import empty, realistic

from wadjet.model.profile import Builder, Metric, Profile
from wadjet.render.html import heap, page, render


class Tags(HTMLParser):
    """Collects the elements of a document and the text of styles and scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside = ""
        self.texts: dict[str, list[str]] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.setdefault(tag, []).append("")
        self.inside = tag

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.texts[self.inside][-1] += data


def written(profile: Profile) -> str:
    out = BytesIO()
    render(profile, out)
    return out.getvalue().decode()


def test_no_address_is_in_the_page() -> None:
    tags = Tags(written(realistic(0.2)))
    for _, attributes in tags.elements:
        assert not attributes.keys() & {"src", "srcset", "action", "style", "onload", "onclick"}
        assert attributes.get("href", "data:,") == "data:,"
    code = "".join(tags.texts["style"] + tags.texts["script"][-1:])
    assert set(re.findall(r"https?://[^\s'\")]+", code)) <= {"http://www.w3.org/2000/svg"}
    assert "url(" not in code
    assert "@import" not in code


def test_the_policy_names_exactly_our_script_and_our_style() -> None:
    tags = Tags(written(realistic(0.2)))
    [policy] = [a["content"] or "" for _, a in tags.elements if "http-equiv" in a]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    for kind, text in (("script", tags.texts["script"][-1]), ("style", tags.texts["style"][0])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


def test_a_command_is_text_in_the_title() -> None:
    builder = Builder([Metric("cpu", "ns", "CPU time")])
    text = written(builder.build(command=["python", "</title><script>alert(1)</script>"]))
    assert "<script>alert" not in text
    assert Tags(text).texts["title"] == ["python </title><script>alert(1)</script> - Wadjet"]


def test_a_command_may_look_like_the_template_or_be_no_unicode() -> None:
    builder = Builder([Metric("cpu", "ns", "CPU time")])
    title = Tags(written(builder.build(command=["{{script}}", "\udce9"]))).texts["title"]
    assert title == ["{{script}} \\udce9 - Wadjet"]


def test_our_own_part_of_the_page_is_small() -> None:
    assert len(written(empty())) < 180_000


def test_every_file_of_the_app_is_in_the_page_once() -> None:
    folder = resources.files("wadjet.render.html") / "app"
    used = {*page.STYLES, *page.SCRIPTS, *heap.STYLES, *heap.SCRIPTS, "template.html"}
    assert sorted(used) == sorted(each.name for each in folder.iterdir())
