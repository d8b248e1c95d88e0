"""Who is coming, out of everybody who pressed a green key."""


def best_answer(victim: str, responders: tuple[tuple[str, str, str], ...]) -> tuple[str, str]:
    """(answer, site whose name is shown). `responders`: (site, "coming" | "arrived", its event), in the order they
    answered; `victim`: the site that called: there `arrived` says "somebody is here", not who, so another's name
    stands."""
    if not responders:
        return "unanswered", ""
    arrived = [site for site, answer, _ in responders if answer == "arrived"]
    others = [site for site, _, _ in responders if site != victim]
    if arrived:
        there = [site for site in arrived if site != victim]
        return "arrived", (there or others or arrived)[0]
    return "coming", others[0] if others else responders[0][0]
