"""Numbers that prove themselves: payment cards, bank accounts, and national identity numbers with a check digit.

Sources: ISO/IEC 7812-1 (Luhn), ISO 13616 (IBAN), ISO 7064 (mod 11-2, mod 97-10), J. Verhoeff 1969, and the rules that each
country publishes for its numbers.
"""

import re

_IBAN_LENGTHS = {
    country: int(length)
    for length, countries in (
        ("15", "NO"), ("16", "BE"), ("18", "DK FO FI GL NL SD"), ("19", "MK SI"), ("20", "AT BA EE KZ LT LU MN XK"),
        ("21", "CH HR LI LV"), ("22", "BG BH CR DE GB GE IE ME RS VA"), ("23", "AE GI IL IQ OM TL"), ("24", "AD CZ ES MD PK RO SA SE SK TN VG"),
        ("25", "LY PT ST"), ("26", "IS TR"), ("27", "BI DJ FR GR IT MC MR SM"), ("28", "AL AZ BY CY DO GT HU LB NI PL SV"),
        ("29", "BR EG PS QA UA"), ("30", "JO KW MU"), ("31", "MT SC"), ("33", "RU"),
    )
    for country in countries.split()
}  # fmt: skip
_CARD = re.compile(
    r"4(?:[0-9]{12}|[0-9]{15})|(?:5[1-5][0-9]{2}|222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}"
    r"|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|6(?:011|5[0-9]{2}|4[4-9][0-9])[0-9]{12}|35(?:2[89]|[3-8][0-9])[0-9]{12}"
    r"|62[0-9]{14,17}|(?:50|5[6-8]|63|67)[0-9]{14}"
)
_VERHOEFF_PERMUTED = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)
_ODD_VALUES = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23)


def is_card(digits: str) -> bool:
    """Whether digits without separators are a payment card: a known issuer's range and length, and Luhn's sum."""
    return _CARD.fullmatch(digits) is not None and passes_luhn(digits)


def passes_luhn(digits: str) -> bool:
    """Whether Luhn's sum (every second digit from the right doubled) ends in 0."""
    doubled = [int(digit) * 2 for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(value - 9 * (value > 9) for value in doubled)) % 10 == 0


def is_iban(text: str) -> bool:
    """Whether upper-case letters and digits without separators are an IBAN: its country's length, and 1 modulo 97."""
    if _IBAN_LENGTHS.get(text[:2]) != len(text):
        return False
    return int("".join([str(int(sign, 36)) for sign in text[4:] + text[:4]])) % 97 == 1


def is_us_social_security(digits: str) -> bool:
    """Whether nine digits can be a Social Security number: no area 000, 666 or 9xx, no group 00, no serial 0000."""
    return digits[:3] not in ("000", "666") and digits[0] != "9" and digits[3:5] != "00" and digits[5:] != "0000"


def is_cpf(digits: str) -> bool:
    """Whether eleven digits are a Brazilian CPF: two check digits modulo 11."""
    if len(set(digits)) == 1:
        return False
    for length in (9, 10):
        total = sum(int(digit) * (length + 1 - place) for place, digit in enumerate(digits[:length]))
        if total * 10 % 11 % 10 != int(digits[length]):
            return False
    return True


def is_nir(text: str) -> bool:
    """Whether fifteen digits are a French NIR: 97 minus the first thirteen modulo 97."""
    return text[0] in "12" and 97 - int(text[:13]) % 97 == int(text[13:])


def is_dni(text: str) -> bool:
    """Whether a Spanish DNI or NIE ends with the letter of its number modulo 23."""
    number = text[:-1].translate(str.maketrans("XYZ", "012"))
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == text[-1]


def is_codice_fiscale(text: str) -> bool:
    """Whether sixteen upper-case letters and digits are an Italian codice fiscale: its last letter is a sum modulo 26."""
    total = 0
    for place, sign in enumerate(text[:15]):
        value = int(sign) if sign.isdigit() else ord(sign) - ord("A")
        total += value if place % 2 else _ODD_VALUES[value]
    return chr(ord("A") + total % 26) == text[15]


def is_resident_identity(text: str) -> bool:
    """Whether seventeen digits and a digit or X are a Chinese resident identity number (ISO 7064, mod 11-2)."""
    total = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(text[:17]))
    return "10X98765432"[total % 11] == text[17].upper()


def is_aadhaar(digits: str) -> bool:
    """Whether twelve digits are an Indian Aadhaar number: they don't begin with 0 or 1, and Verhoeff's sum is 0."""
    check = 0
    for place, digit in enumerate(reversed(digits)):
        check = _dihedral(check, int(_VERHOEFF_PERMUTED[place % 8][int(digit)]))
    return digits[0] not in "01" and check == 0


def is_hetu(text: str) -> bool:
    """Whether a Finnish identity code (DDMMYY, century, three digits, sign) ends with the sign of its number modulo 31."""
    return "0123456789ABCDEFHJKLMNPRSTUVWXY"[int(text[:6] + text[7:10]) % 31] == text[10]


def _dihedral(one: int, other: int) -> int:
    """The product in the group of the symmetries of a pentagon."""
    turned = (one + other if one < 5 else one - other) % 5
    return turned if (one < 5) == (other < 5) else turned + 5
