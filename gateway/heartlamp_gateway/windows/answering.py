"""Where the village office answers for somebody on duty who is there: 我去 / 去不了, in two steps, without a script, so
that it works in any browser that ever had forms. Behind a code of its own: a screen on the wall is for looking, and
whoever says "I go" ends the calls to those on duty."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import parse_qs, urlencode

from heartlamp_gateway.clock import boottime
from heartlamp_gateway.say import about, log
from heartlamp_gateway.windows.admission import Admission
from heartlamp_gateway.windows.answering_pages import STYLE, Asked, list_page, login_page, sure_page
from heartlamp_gateway.windows.door import Request
from heartlamp_gateway.windows.replies import cookie_of, reply
from heartlamp_gateway.windows.view import View

COOKIE = "heartlamp_answering"
SHIFT_S = 12 * 3600
_STYLE = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE}'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
ANSWERS = ("coming", "cannot")

Duty = Callable[[str], Iterable[tuple[str, str, str]]]
"""incident -> (target, name, last answer or "") of whom its plan calls."""


class Answering:
    """`look()`: what may be seen, in which no silent alarm is; `answer(incident, target, answer)`: False where it is
    over."""

    def __init__(
        self,
        admission: Admission,
        look: Callable[[], View],
        duty: Duty,
        answer: Callable[[str, str, str], bool],
    ) -> None:
        self._admission, self._look, self._duty, self._answer = admission, look, duty, answer

    def routes(self) -> Mapping[str, Callable[[Request], None]]:
        return {
            "GET /answer": self._list,
            "GET /answer/sure": self._sure,
            "POST /answer": self._take,
            "POST /answer/login": self._login,
        }

    def _list(self, request: Request) -> None:
        if self._may(request):
            open_ones = [self._asked(call.id) for call in self._look().calls]
            said = _fields(request.path.partition("?")[2]).get("said", "")
            _page(request, 200, list_page([each for each in open_ones if each], said))

    def _sure(self, request: Request) -> None:
        """The second step: what would be said, in full, and one button."""
        if not self._may(request):
            return
        fields = _fields(request.path.partition("?")[2])
        asked, target, answer = self._asked(fields.get("incident", "")), fields.get("target", ""), fields.get("answer")
        names = {id: name for id, name, _ in asked.duty} if asked else {}
        if asked is None or target not in names or answer not in ANSWERS:
            _away(request, "over")
        else:
            _page(request, 200, sure_page(asked, target, names[target], answer, self._mark()))

    def _take(self, request: Request) -> None:
        if not self._may(request):
            return
        fields = _fields(request.body().decode("ascii", "replace"))
        incident, target, answer = (fields.get(name, "") for name in ("incident", "target", "answer"))
        if not hmac.compare_digest(fields.get("mark", "").encode(), self._mark().encode()) or answer not in ANSWERS:
            _away(request, "again")  # another page sent it, or one from before the code changed
        elif self._asked(incident) is None or not self._answer(incident, target, answer):
            _away(request, "over")
        else:
            who = f"{request.client_address[0]} says for {target}: {answer}"
            log.info("office: %s", who, extra=about(incident=incident))
            _away(request, "done")

    def _login(self, request: Request) -> None:
        said = _fields(request.body().decode("utf-8", "replace")).get("code", "")
        right = self._admission.is_code(said, str(request.client_address[0]), boottime())
        if not right:
            _page(request, 401 if right is False else 429, login_page("many" if right is None else "wrong"))
            return
        value = self._admission.cookie()
        cookie = f"{COOKIE}={value}; Path=/answer; Max-Age={SHIFT_S}; HttpOnly; SameSite=Strict"
        reply(request, 303, b"", "text/plain", {"Location": "/answer", "Set-Cookie": cookie})

    def _may(self, request: Request) -> bool:
        """Answers for itself where not."""
        if self._admission.is_cookie(cookie_of(request, COOKIE)):
            return True
        _page(request, 401, login_page(""))
        return False

    def _mark(self) -> str:
        """What only our own form has: browsers that do not know SameSite send the cookie along with any page's."""
        return hmac.new(self._admission.cookie().encode(), b"form", "sha256").hexdigest()

    def _asked(self, incident: str) -> Asked | None:
        """None: it is over, or nobody is to be called for it."""
        view = self._look()
        call = next((each for each in view.calls if each.id == incident), None)
        duty = tuple(self._duty(incident)) if call else ()
        if call is None or not duty:
            return None
        return Asked(
            call.id, call.place or call.site, call.what, call.drill, max(0, view.lived - call.opened) // 60_000, duty
        )


def _fields(text: str) -> dict[str, str]:
    try:
        return {name: values[0] for name, values in parse_qs(text, max_num_fields=10).items()}
    except ValueError:
        return {}


def _away(request: Request, said: str) -> None:
    """To the list; loading it again sends nothing."""
    reply(request, 303, b"", "text/plain", {"Location": "/answer?" + urlencode({"said": said})})


def _page(request: Request, status: int, text: str) -> None:
    more = {"Content-Security-Policy": POLICY, "X-Frame-Options": "DENY"}
    reply(request, status, text.encode(), "text/html; charset=utf-8", more)
