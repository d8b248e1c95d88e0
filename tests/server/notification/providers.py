"""The outside world's ends, which speak the real HTTP of each provider: they check a request's signature as the
provider documents it, and answer with its own codes."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

KEY, SECRET = "LTAItest0000000000000000", "ThisSecretIsOfATest0000000000"
Answer = tuple[int, dict[str, Any]]


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Provider:
    """`answer(request)`: what it says; `hangs`: nothing at all, until the end; `got`: what it answered."""

    answer: Callable[[Request], Answer]
    hangs: bool = False
    got: list[Request] = field(default_factory=list)
    came: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    @property
    def endpoint(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.endpoint}"

    @contextmanager
    def listening(self) -> Iterator["Provider"]:
        it = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                parts = urlsplit(self.path)
                query = dict(parse_qsl(parts.query, keep_blank_values=True))
                headers = {name.lower(): value for name, value in self.headers.items()}
                request = Request(self.command, parts.path, query, headers, body)
                it.came.set()
                if it.hangs:
                    it.over.wait(60)
                    self.close_connection = True
                    return
                status, said = it.answer(request)
                it.got.append(request)
                data = json.dumps(said, ensure_ascii=False).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                if "RetryAfter" in said:
                    self.send_header("Retry-After", said["RetryAfter"])
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            self.port = server.server_address[1]
            thread = threading.Thread(target=lambda: server.serve_forever(0.05), daemon=True)
            thread.start()
            try:
                yield self
            finally:
                self.over.set()
                server.shutdown()
                thread.join()


# --- Alibaba Cloud: ACS3-HMAC-SHA256 (help.aliyun.com, request syntax and signature method V3) -----------------------


def aliyun_fault(request: Request, secret: str = SECRET) -> str:
    """The code by which it refuses a request's signature; "" it is good."""
    said = request.headers.get("authorization", "")
    algorithm, _, rest = said.partition(" ")
    fields = dict(part.split("=", 1) for part in rest.split(",") if "=" in part)
    if algorithm != "ACS3-HMAC-SHA256" or fields.get("Credential") != KEY:
        return "InvalidAccessKeyId.NotFound"
    signed = fields["SignedHeaders"].split(";")
    needed = {"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"}
    if not needed <= set(signed) or request.headers["x-acs-content-sha256"] != hashlib.sha256(request.body).hexdigest():
        return "IncompleteSignature"
    query = "&".join(f"{_encoded(k)}={_encoded(v)}" for k, v in sorted(request.query.items()))
    canonical = "\n".join(
        [
            request.method, request.path or "/", query,
            "".join(f"{name}:{request.headers[name].strip()}\n" for name in signed),
            ";".join(signed), request.headers["x-acs-content-sha256"],
        ]
    )  # fmt: skip
    to_sign = f"{algorithm}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    right = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return "" if hmac.compare_digest(right, fields["Signature"]) else "SignatureDoesNotMatch"


def _encoded(text: str) -> str:
    return quote(text, safe="-_.~")


def aliyun(answers: list[str] | None = None, secret: str = SECRET) -> Provider:
    """`answers`: a code for each request, "OK" after the last. What is refused by HTTP has a status of its own."""
    codes, calls = list(answers or []), iter(range(1, 10_000))

    def answer(request: Request) -> Answer:
        if fault := aliyun_fault(request, secret):
            return 403, {"Code": fault, "Message": fault, "RequestId": "r"}
        action, n = request.headers["x-acs-action"], next(calls)
        code = codes.pop(0) if codes else "OK"
        if code.startswith(("Throttling", "ServiceUnavailable")):
            return (503 if code.startswith("Service") else 400), {"Code": code, "Message": code, "RequestId": "r"}
        said: dict[str, Any] = {"Code": code, "Message": code, "RequestId": f"r{n}"}
        if code == "OK":
            said |= {"BizId": f"biz{n}^0"} if action == "SendSms" else {"CallId": f"call{n}^1"}
        if action == "QueryCallDetailByCallId":
            said["Data"] = json.dumps({"state": "200003", "gmtCreate": "2026-07-01 10:00:00", "callee": "138"})
        if action == "QuerySendDetails":
            detail = {"SendStatus": 3, "ReceiveDate": "2026-07-01 10:00:09", "ErrCode": "DELIVERED"}
            said |= {"SmsSendDetailDTOs": {"SmsSendDetailDTO": [detail]}, "TotalCount": 1}
        return 200, said

    return Provider(answer)


# --- Tencent Cloud: TC3-HMAC-SHA256 (cloud.tencent.com, signature method v3) -----------------------------------------


def tencent_fault(request: Request, secret: str = SECRET) -> str:
    algorithm, _, rest = request.headers.get("authorization", "").partition(" ")
    fields = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
    id, date, service, tail = (fields.get("Credential", "///") + "///").split("/")[:4]
    at = int(request.headers.get("x-tc-timestamp", "0"))
    if algorithm != "TC3-HMAC-SHA256" or tail != "tc3_request" or id != KEY:
        return "AuthFailure.SecretIdNotFound"
    if abs(time.time() - at) > 300 or time.strftime("%Y-%m-%d", time.gmtime(at)) != date:
        return "AuthFailure.SignatureExpire"
    signed = fields["SignedHeaders"].split(";")
    headers = "".join(f"{name}:{request.headers[name].strip().lower()}\n" for name in signed)
    body = hashlib.sha256(request.body).hexdigest()
    canonical = f"{request.method}\n{request.path}\n\n{headers}\n{';'.join(signed)}\n{body}"
    scope = f"{date}/{service}/tc3_request"
    to_sign = f"{algorithm}\n{at}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"TC3{secret}".encode()
    for part in (date, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    right = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return "" if hmac.compare_digest(right, fields["Signature"]) else "AuthFailure.SignatureFailure"


def tencent(answers: list[str] | None = None, secret: str = SECRET) -> Provider:
    """`answers`: a code for each request, "Ok" after the last; one with an `Sms:` before it stands in the status."""
    codes, calls = list(answers or []), iter(range(1, 10_000))

    def answer(request: Request) -> Answer:
        n = next(calls)
        code = tencent_fault(request, secret) or (codes.pop(0) if codes else "Ok")
        action, asked = request.headers["x-tc-action"], request.json()
        if code != "Ok" and not code.startswith("Sms:"):
            return 200, {"Response": {"Error": {"Code": code, "Message": code}, "RequestId": f"r{n}"}}
        said: dict[str, Any] = {"RequestId": f"r{n}"}
        if action == "SendTtsVoice":
            said["SendStatus"] = {"CallId": f"tc{n}", "SessionContext": asked["SessionContext"]}
        elif action == "SendSms":
            [number] = asked["PhoneNumberSet"]
            status = {
                "SerialNo": f"5000:{n}",
                "PhoneNumber": number,
                "Fee": 1,
                "SessionContext": asked["SessionContext"],
            }
            code = code.removeprefix("Sms:")
            said["SendStatusSet"] = [status | {"Code": code, "Message": code, "IsoCode": "CN"}]
        else:
            detail = {"SerialNo": "5000:1", "ReportStatus": "SUCCESS", "UserReceiveTime": 1782957609, "Description": ""}
            said["PullSmsSendStatusSet"] = [detail]
        return 200, {"Response": said}

    return Provider(answer)


# --- chats, as their robots document ---------------------------------------------------------------------------------


def robot(secret: str = "") -> Provider:
    """WeCom, DingTalk (which checks a signature, where it has a secret) and Feishu: 200, and a code in the body."""

    def answer(request: Request) -> Answer:
        if secret:
            at = request.query.get("timestamp", "0")
            right = base64.b64encode(
                hmac.new(secret.encode(), f"{at}\n{secret}".encode(), hashlib.sha256).digest()
            ).decode()
            given = request.query.get("sign", "")
            if given != right or abs(time.time() * 1000 - int(at)) > 3_600_000:
                return 200, {"errcode": 310000, "errmsg": "sign not match"}
        return 200, {"errcode": 0, "errmsg": "ok", "code": 0, "msg": "success"}

    return Provider(answer)
