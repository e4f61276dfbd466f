"""每日评查 in a running office: days are drawn from by themselves."""

import time

from server import clock
from server.reception.record import reviews
from server.store.models import ReviewDay
from tests.patience import PATIENCE_S


def test_days_that_are_over_are_drawn_from_by_a_job_of_their_own(office):
    end = time.monotonic() + PATIENCE_S
    while reviews.days_due(office.office):
        assert time.monotonic() < end, "no job drew"
        time.sleep(0.05)
    with office.office.store.read() as session:
        days = sorted(row.day for row in session.query(ReviewDay))
    assert len(days) == reviews.LOOK_BACK.days
    assert days[-1] < clock.today_in_office().date()
    assert office.clerk.get("/api/reviews").json() == {"open": [], "mine": [], "returned": [], "unseen": 0}
    assert office.clerk.post("/api/reviews/1/take", headers={"X-Jietan": "1"}).status_code == 404
