"""Personal data of nobody, planted: numbers have right check digits, addresses are for examples."""

import random
import string
from collections.abc import Callable

from sre_copilot.domain.redaction import checksums
from sre_copilot.testing.redaction.planted import DIGITS, LOWER, Plant, Planted, drawn, in_line

FIRST = ("anna", "bjarne", "chidi", "dolores", "emre", "fatima", "grzegorz", "hanako", "ines", "joão")
LAST = ("miller", "okafor", "petrov", "quispe", "rossi", "svensson", "tanaka", "ueda", "varga", "yilmaz")


def _completed(rng: random.Random, stem: str, tails: list[str]) -> list[str]:
    """The stem with each tail, in an order of chance: one of them has the right check digits."""
    rng.shuffle(tails)
    return [stem + tail for tail in tails]


def _email(rng: random.Random) -> Planted:
    first, last = rng.choice(FIRST), rng.choice(LAST)
    local = rng.choice((f"{first}.{last}", f"{first}{rng.randrange(99)}", f"{first[0]}{last}+oncall"))
    address = f"{local}@{rng.choice(('example.com', 'mail.example.co.uk', 'shop-demo.example'))}"
    text = rng.choice(
        ("notify {}", "<{}>", "from={} to=ops", '"contact":"{}"', "mailto:{}?subject=x", "user {} locked out")
    )
    return Planted(in_line(rng, text.format(address)), (address, f"{local}@"))


def _phone(rng: random.Random) -> Planted:
    number = rng.choice(
        (
            f"+49 30 {drawn(rng, '23456789', 8)}",
            f"+1-{rng.randrange(201, 999)}-{rng.randrange(201, 999)}-{drawn(rng, DIGITS, 4)}",
            f"({rng.randrange(201, 999)}) {rng.randrange(201, 999)}-{drawn(rng, DIGITS, 4)}",
            f"+44 7{drawn(rng, DIGITS, 3)} {drawn(rng, DIGITS, 6)}",
            f"+33{drawn(rng, '123456789', 9)}",
        )
    )
    return Planted(
        in_line(rng, rng.choice(("call {} now", "phone={}", "sms to {} failed", '"mobile": "{}"')).format(number)),
        (number,),
    )


def _national_phone(rng: random.Random) -> Planted:
    number = f"0{drawn(rng, '123456789', 3)} {drawn(rng, DIGITS, 7)}"
    return Planted(
        in_line(rng, rng.choice(("phone: {}", "tel: {}", "call {} if it burns", "mobile={}")).format(number)), (number,)
    )


def _card(rng: random.Random) -> Planted:
    stem = rng.choice(("4", "51", "55", "2223", "6011", "37"))
    stem += drawn(rng, DIGITS, (14 if stem == "37" else 15) - len(stem))
    number = next(one for one in _completed(rng, stem, list(DIGITS)) if checksums.passes_luhn(one))
    if len(number) == 16 and rng.random() < 0.6:
        number = rng.choice("- ").join(number[start : start + 4] for start in range(0, 16, 4))
    return Planted(
        in_line(rng, rng.choice(("card {} declined", "pan={}", "charge for {} failed: 51")).format(number)), (number,)
    )


def _iban(rng: random.Random) -> Planted:
    country, length = rng.choice((("DE", 18), ("FR", 23), ("GB", 18), ("NL", 14), ("ES", 20)))
    body = (
        drawn(rng, string.ascii_uppercase, 4) + drawn(rng, DIGITS, length - 4)
        if country in ("GB", "NL")
        else drawn(rng, DIGITS, length)
    )
    number = next(one for one in (f"{country}{check:02}{body}" for check in range(2, 99)) if checksums.is_iban(one))
    if rng.random() < 0.5:
        number = " ".join(number[start : start + 4] for start in range(0, len(number), 4))
    return Planted(
        in_line(rng, rng.choice(("iban={}", "transfer to {} failed", "account {}, retry")).format(number)), (number,)
    )


def _ssn(rng: random.Random) -> Planted:
    number = f"{rng.randrange(100, 665)}-{rng.randrange(10, 99)}-{rng.randrange(1000, 9999)}"
    return Planted(in_line(rng, rng.choice(("ssn={}", "applicant {} not found", "SSN: {}")).format(number)), (number,))


def _national(rng: random.Random) -> Planted:
    digits = [f"{number:02}" for number in range(100)]
    kinds: tuple[tuple[Callable[[str], bool], Callable[[], list[str]], Callable[[str], str]], ...] = (
        (
            checksums.is_cpf,
            lambda: _completed(rng, drawn(rng, DIGITS, 9), digits),
            lambda n: f"{n[:3]}.{n[3:6]}.{n[6:9]}-{n[9:]}",
        ),
        (checksums.is_nir, lambda: _completed(rng, f"2{rng.randrange(10, 99)}07{drawn(rng, DIGITS, 8)}", digits), str),
        (checksums.is_dni, lambda: _completed(rng, drawn(rng, DIGITS, 8), list("TRWAGMYFPDXBNJZSQVHLCKE")), str),
        (
            checksums.is_aadhaar,
            lambda: _completed(rng, "4" + drawn(rng, DIGITS, 10), list(DIGITS)),
            lambda n: f"{n[:4]} {n[4:8]} {n[8:]}",
        ),
        (
            checksums.is_resident_identity,
            lambda: _completed(
                rng,
                f"110105199{rng.randrange(10)}0{rng.randrange(1, 9)}1{rng.randrange(10)}{drawn(rng, DIGITS, 3)}",
                [*DIGITS, "X"],
            ),
            str,
        ),
        (
            checksums.is_codice_fiscale,
            lambda: _completed(
                rng,
                f"{drawn(rng, LOWER, 6).upper()}8{rng.randrange(10)}A01H{rng.randrange(100, 999)}",
                list(string.ascii_uppercase),
            ),
            str,
        ),
    )
    is_valid, candidates, written = rng.choice(kinds)
    number = written(next(one for one in candidates() if is_valid(one)))
    return Planted(in_line(rng, rng.choice(("id {} unknown", "document={}", "citizen {}")).format(number)), (number,))


def _login(rng: random.Random) -> Planted:
    name = f"{rng.choice(FIRST[:9])}.{rng.choice(LAST)}"
    text = rng.choice(
        (
            "user={} action=login",
            "username: {}",
            '{{"user":"{}"}}',
            "Failed password for {} from 10.0.0.9 port 22 ssh2",
            'password authentication failed for user "{}"',
            "open /home/{}/.kube/config: denied",
        )
    )
    return Planted(in_line(rng, text.format(name)), (name,))


def _full_name(rng: random.Random) -> Planted:
    name = f"{rng.choice(FIRST[:9]).title()} {rng.choice(LAST).title()}"
    text = rng.choice(
        (
            'assignee="{}"',
            '"customerName": "{}"',
            "Acknowledged by {} at 08:14",
            "Co-authored-by: {} <x>",
            'full_name="{}"',
        )
    )
    return Planted(in_line(rng, text.format(name)), (name,))


def _client_address(rng: random.Random) -> Planted:
    address = (
        f"{rng.choice((81, 93, 145, 212))}.{rng.randrange(1, 254)}.{rng.randrange(1, 254)}.{rng.randrange(1, 254)}"
    )
    text = rng.choice(
        (
            "client_ip={}",
            "X-Forwarded-For: {}",
            '"remote_addr":"{}"',
            '{} - - [27/Nov/2026:08:14:11 +0000] "GET / HTTP/1.1" 200 2',
        )
    )
    return Planted(text.format(address), (address,))


def _birth(rng: random.Random) -> Planted:
    day = f"19{rng.randrange(50, 99)}-0{rng.randrange(1, 9)}-1{rng.randrange(9)}"
    return Planted(in_line(rng, rng.choice(("dob={}", '"dateOfBirth": "{}"', "birth_date: {}")).format(day)), (day,))


PEOPLE: dict[str, Plant] = {
    "e-mail address": _email,
    "phone number": _phone,
    "phone number without country": _national_phone,
    "payment card": _card,
    "IBAN": _iban,
    "US social security number": _ssn,
    "national identity with check digit": _national,
    "login name": _login,
    "full name": _full_name,
    "client's IP address": _client_address,
    "date of birth": _birth,
}
"""What identifies people."""
