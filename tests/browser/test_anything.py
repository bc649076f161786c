"""Whatever a recording may legally hold, the report opens and every view of it works."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from tests.browser.opened import Open
from tests.profiles import profiles

from wadjet.model.profile import Profile

ONE_PAGE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=15, deadline=None, suppress_health_check=ONE_PAGE)
@given(profile=profiles())
def test_every_view_of_any_profile_is_drawn(show: Open, profile: Profile) -> None:
    report = show(profile)
    complaints = report.ask(
        """async () => {
            const frame = () => new Promise((done) => requestAnimationFrame(done));
            const { store, recording } = wadjet;
            const sums = recording.metrics.map((_, metric) => {
                store.set({ metric });
                return wadjet.derived.measured(store.state).sum;
            });
            for (const view of ['flame', 'time', 'functions', 'source']) {
                for (const more of [{}, { native: false }, { lines: true }, { invert: true }]) {
                    store.set({ ...store.start, view, fn: 0, ...more });
                    await frame();
                    await frame();
                }
            }
            const { duration } = recording;
            store.set({ ...store.start, range: [duration / 4, duration / 2], pick: 0 });
            await frame();
            return sums;
        }"""
    )
    for metric, values in enumerate(profile.samples.values):
        quantum = max(1000, max(values, default=0) >> 31)
        assert abs(complaints[metric] - sum(values)) <= quantum * (len(values) + 1)
    assert report.complaints == []
    report.context.close()
