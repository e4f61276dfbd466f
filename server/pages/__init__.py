"""The pages that people see: thin routes that check the role and render a template."""

from fastapi import APIRouter


def include(table: APIRouter) -> None:
    """Add the routes of every page."""
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
        on_site,
        public,
        reviews,
        stats,
        work,
    )

    for module in (home, login, leader, admin, public, kiosk, desk, cases, join, glossary, figures, reviews, work, groups, ledger, stats, notices, bookings, lectures, joint_duty, on_site):
        table.include_router(module.router, include_in_schema=False)
