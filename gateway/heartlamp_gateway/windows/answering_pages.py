"""The pages of answering.py as texts, in both languages at once. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import urlencode

WHATS = {
    "panic": "紧急求助 HELP",
    "fire": "火警 FIRE",
    "gas": "燃气泄漏 GAS LEAK",
    "flood": "水浸 FLOOD",
    "slope": "山体滑坡 LANDSLIDE",
}
KEYS = {"coming": "我去 I go", "cannot": "去不了 I cannot"}
SAID = {"coming": "正在赶来 is coming", "arrived": "已到场 has arrived", "cannot": "去不了 cannot come"}
TOLD = {
    "done": "已记下，灯和县里都会知道。Noted: lamps and county learn it.",
    "over": "这件事已经结束，或者不归这个人了；没有记下。It is over, or not theirs any more; nothing was noted.",
    "again": "没有记下，请再选一次。Nothing was noted: choose once more.",
    "wrong": "应答密码不对。This answer code is wrong.",
    "many": "错误太多次，请等一分钟再试。Too many wrong codes: wait a minute.",
}
STYLE = """
body { margin: 0 auto; max-width: 44em; padding: 1em; font: 18px/1.5 "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
  background: #f4f5f2; color: #10151c; }
h1 { font-size: 1.3em; } h2 { font-size: 1.5em; margin: 0; }
.call { background: #fff; border: 4px solid #a30d0d; padding: .8em 1em; margin: 1em 0; }
.person { border-top: 1px solid #b9bfc6; padding: .6em 0; }
.told { background: #fff3d6; border-left: 8px solid #7a4300; padding: .6em 1em; font-weight: bold; }
a.key, button { display: inline-block; font: inherit; font-weight: bold; padding: .5em 1em; margin: .2em .4em .2em 0;
  border: 2px solid #10151c; color: #10151c; background: #fff; text-decoration: none; }
.coming { background: #075e36 !important; color: #fff !important; }
input { font: inherit; padding: .4em; width: 16em; max-width: 90%; }
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """An open incident that somebody on duty is called for. `minutes`: since it opened; `duty`: (target, name, last
    answer or "")."""

    incident: str
    place: str
    what: str
    drill: bool
    minutes: int
    duty: tuple[tuple[str, str, str], ...]


def list_page(asked: Sequence[Asked], said: str) -> str:
    cards = "".join(map(_card, asked)) or "<p>✓ 现在没有要应答的警情 No call to answer</p>"
    # Without a script: it looks again by itself.
    return _page(_told(said) + cards + _home(), '<meta http-equiv="refresh" content="10;url=/answer">')


def sure_page(asked: Asked, target: str, name: str, answer: str, mark: str) -> str:
    fields = {"incident": asked.incident, "target": target, "answer": answer, "mark": mark}
    hidden = "".join(f'<input type="hidden" name="{k}" value="{escape(v)}">' for k, v in fields.items())
    key = f'<button class="{answer}">是的 Yes: {escape(name)} · {KEYS[answer]}</button>'
    form = f'<form method="post" action="/answer">{hidden}{key} <a class="key" href="/answer">返回 Back</a></form>'
    return _page(f'<div class="call">{_head(asked)}<p>{escape(name)}：{KEYS[answer]}？</p>{form}</div>')


def login_page(said: str) -> str:
    return _page(
        f"{_told(said)}<p>替值班的人应答，要先输入应答密码。To answer for somebody on duty, give the answer code.</p>"
        '<form method="post" action="/answer/login"><label for="code">应答密码 Answer code</label><br>'
        '<input id="code" name="code" type="password" autocomplete="current-password"> '
        f"<button>进入 Enter</button></form>{_home()}"
    )


def _card(asked: Asked) -> str:
    return f'<div class="call">{_head(asked)}{"".join(_persons(asked))}</div>'


def _persons(asked: Asked) -> Iterable[str]:
    for target, name, said in asked.duty:
        keys = "".join(
            f'<a class="key {answer}" href="/answer/sure?'
            f'{escape(urlencode({"incident": asked.incident, "target": target, "answer": answer}))}">{words}</a>'
            for answer, words in KEYS.items()
        )
        yield f'<div class="person"><b>{escape(name)}</b> {SAID.get(said, "")}<br>{keys}</div>'


def _head(asked: Asked) -> str:
    what = ("演练 DRILL · " if asked.drill else "") + WHATS.get(asked.what, "报警 ALARM")
    return f"<h2>{escape(asked.place)}</h2><p><b>{what}</b> · 已过 {asked.minutes} 分 min</p>"


def _told(said: str) -> str:
    return f'<p class="told" role="status">{TOLD[said]}</p>' if said in TOLD else ""


def _home() -> str:
    return '<p><a href="/">← 全部 The whole page</a></p>'


def _page(body: str, head: str = "") -> str:
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">{head}<link rel="icon" href="data:,">'
        f"<title>心灯 · 应答</title><style>{STYLE}</style></head><body><h1>心灯 · 应答 Answer</h1>{body}</body></html>"
    )
