"""What can be known of a date without asking anybody. Pure."""

from datetime import UTC, datetime

SET_FROM = 1_735_689_600  # seconds since 1970, 2025-01-01: this program is younger; who says less was never set
FIRST_DAY = datetime.fromtimestamp(SET_FROM, UTC).date()
