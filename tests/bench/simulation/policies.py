"""The five ways of booking that are compared. Each says what happens at a referral, at the cut-off and at the meeting."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Policy:
    """One way of booking.

    `books` is what a referral gets: the `next` free place, the first that is `likely` enough, or a `provisional` date
    that becomes firm at the cut-off. With `gate` a firm case that is not ready is rebooked at the cut-off; with `carries`
    preparation that was done counts at the next meeting, otherwise it is done again.
    """

    name: str
    books: str
    gate: bool
    carries: bool


POLICIES = (
    Policy("book the next free place (today)", "next", gate=False, carries=False),
    Policy("+ readiness gate at the cut-off", "next", gate=True, carries=False),
    Policy("+ preparation carried over", "next", gate=True, carries=True),
    Policy("+ book where 85 % likely to be ready", "likely", gate=True, carries=True),
    Policy("provisional by forecast, firm at the cut-off", "provisional", gate=True, carries=True),
)
