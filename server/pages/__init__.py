"""The pages that people see: thin routes that check the role and render a template."""

from fastapi import FastAPI


def include(app: FastAPI) -> None:
    """Add the routes of every page to the app."""
    from server.pages import (
        admin,
        bookings,
        cases,
        desk,
        figures,
        glossary,
        groups,
        home,
        join,
        joint_duty,
        kiosk,
        leader,
        lectures,
        ledger,
        login,
        notices,
        public,
        reviews,
        stats,
        work,
    )

    for module in (home, login, leader, admin, public, kiosk, desk, cases, join, glossary, figures, reviews, work, groups, ledger, stats, notices, bookings, lectures, joint_duty):
        app.include_router(module.router, include_in_schema=False)
