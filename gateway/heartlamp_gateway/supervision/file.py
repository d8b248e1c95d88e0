"""gateway.toml, as it was read at the start."""

from collections.abc import Sequence

from heartlamp_gateway.rules.health import FAULT, OK, WARN, Health
from heartlamp_gateway.settings_file import Flaw

NAME = "config"


def judge(flaws: Sequence[Flaw]) -> Health:
    if not flaws:
        return Health(NAME, OK, "配置文件没有问题。", "gateway.toml is understood.")
    zh, en = " ".join(flaw.zh for flaw in flaws), "; ".join(flaw.en for flaw in flaws)
    return Health(
        NAME,
        FAULT if any(flaw.lost for flaw in flaws) else WARN,
        f"配置文件 gateway.toml 有误，其余照常运行：{zh}详情见 heartlamp-gateway doctor；改正后重启网关。",
        f"gateway.toml is wrong, all else runs: {en}. Mend it, then restart.",
    )
