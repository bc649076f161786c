"""A report opens from one file, whatever was recorded, and asks nothing of the network."""

from __future__ import annotations

from tests.browser.opened import Open
from tests.profiles import METRICS, empty, huge, realistic

from wadjet.model.finding import Finding, Level, Place
from wadjet.model.profile import NO_NODE, Builder, Function, Metric, Profile, TreeBuilder

VIEWS = ("flame", "time", "functions", "source")
NASTY = "</script><img/src=x/onerror=alert(1)><!--&quot;{{script}}"


def plain(*stacks: list[str]) -> Profile:
    builder = Builder(METRICS)
    for number, stack in enumerate(stacks):
        builder.sample(stack, time=number * 1_000_000, cpu=1_000_000)
    return builder.build()


def test_the_head_says_what_was_recorded(show: Open) -> None:
    report = show(realistic(0.5))
    assert report.text("h1") == "python shop.py --orders 500"
    facts = report.text(".facts")
    for fact in ("Python 3.11.7", "7 threads", "2 processes", "1,000 Hz"):
        assert fact in facts


def test_nothing_is_fetched_in_any_view(show: Open) -> None:
    report = show(realistic(0.5))
    for view in VIEWS:
        report.set(view=view)
    assert {url for url in report.requests if not url.startswith(("file:", "data:"))} == set()
    assert sum(url.startswith("file:") for url in report.requests) == 1


def test_the_policy_forbids_what_a_recording_might_smuggle_in(show: Open) -> None:
    report = show(realistic(0.2))
    blocked = report.ask(
        """async () => {
            const seen = [];
            document.addEventListener(
                'securitypolicyviolation', (e) => seen.push(e.effectiveDirective));
            await fetch('https://example.org/').catch(() => {});
            const script = document.createElement('script');
            script.textContent = 'window.smuggled = true';
            document.body.append(script);
            await new Promise((done) => setTimeout(done));
            return [window.smuggled, seen];
        }"""
    )
    assert blocked[0] is None
    assert set(blocked[1]) == {"connect-src", "script-src-elem"}
    report.complaints.clear()  # the browser reports what it blocked


def test_names_are_text_never_markup(show: Open) -> None:
    profile = plain([f"{NASTY} {NASTY}:1", "leaf app.py:2"])
    findings = [Finding(NASTY, Level.ERROR, NASTY, Place(NASTY, 3, NASTY), (), NASTY, 0.5)]
    report = show(profile, findings)
    for view in VIEWS:
        report.set(view=view, fn=0)
        assert report.ask("() => document.querySelectorAll('img').length") == 0
        assert report.ask("() => document.querySelectorAll('script').length") == 2
    report.set(view="functions")
    assert NASTY in report.texts(".functions .row .code")


def test_a_recording_without_samples_says_so(show: Open) -> None:
    report = show(empty())
    for view in VIEWS:
        report.set(view=view)
        assert "Nothing was sampled" in report.text("#app")


def test_a_profile_of_bytes_alone_is_shown(show: Open) -> None:
    builder = Builder([Metric("bytes", "bytes", "Memory")])
    builder.sample(["main app.py:1", "load app.py:9"], time=5_000, bytes=3 * 2**20)
    builder.sample(["main app.py:1"], time=9_000, bytes=2**20)
    report = show(builder.build())
    for view in VIEWS:
        report.set(view=view)
        assert report.ask("() => wadjet.derived.measured(wadjet.store.state).sum") == 4 * 2**20
        assert "MiB" in report.text("#app") or view == "source"


def test_a_profile_without_times_has_no_lanes_but_all_else(show: Open) -> None:
    builder = Builder(METRICS)
    builder.sample(["main app.py:1", "load app.py:9"], time=0, cpu=3_000_000)
    report = show(builder.build())
    for view in VIEWS:
        report.set(view=view)
        assert "no times" in report.text(".notime")
        assert report.ask("() => wadjet.derived.measured(wadjet.store.state).sum") == 3_000_000


def test_names_of_all_scripts_are_shown(show: Open) -> None:
    report = show(plain(["größe.λ été.py:1", "🐍蛇 文件.py:2"]))
    assert [box["name"] for box in report.boxes()] == ["", "größe.λ", "🐍蛇"]
    report.set(view="functions", fn=1)
    assert "🐍蛇" in report.text(".functions .table")
    report.set(view="source")
    assert "文件.py" in report.text(".files")


def test_a_stack_of_three_thousand_frames_is_drawn(show: Open) -> None:
    report = show(plain(["main app.py:1", *["fib app.py:2"] * 3_000]))
    for view in VIEWS:
        report.set(view=view, fn=1)
        if view in ("flame", "time"):
            assert report.ask("() => wadjet.views.flame.flame.layout.depth") == 3_002
            assert report.ask("() => wadjet.views.flame.flame.drawn") < 100


def test_a_thread_without_frames_is_counted_as_such(show: Open) -> None:
    builder = Builder(METRICS)
    builder.sample([], time=1_000_000, cpu=1_000_000)
    builder.sample(["main app.py:1"], time=2_000_000, cpu=3_000_000)
    assert builder.build().samples.node[0] == NO_NODE
    report = show(builder.build(), address="#view=functions")
    assert any(
        "(no Python frame)" in row and "25.0" in row for row in report.texts(".functions .row")
    )


def test_native_frames_that_no_python_called_are_shown_when_native_is_hidden(show: Open) -> None:
    tree = TreeBuilder()
    tree.node(tree.node(-1, Function("start", "libc.so", 0, "native"), 0), Function("f", "a.py"), 3)
    builder = plain(["main app.py:1"])
    profile = Profile(
        builder.metrics,
        builder.processes,
        builder.threads,
        tree.build(),
        builder.samples,
    )
    report = show(profile, address="#view=functions&native=0")
    assert "(native code)" in report.text(".functions .table")


def test_a_hundred_thousand_stacks_draw_a_bounded_number_of_boxes(show: Open) -> None:
    report = show(huge())
    drawn = report.ask("() => wadjet.views.flame.flame.drawn")
    rows = report.ask("() => Math.ceil(wadjet.views.flame.flame.element.clientHeight / 20) + 1")
    width = report.ask("() => wadjet.views.flame.flame.element.clientWidth")
    assert 0 < drawn <= rows * width / 1.5
    assert report.ask("() => wadjet.recording.nodeParent.length") > 100_000
