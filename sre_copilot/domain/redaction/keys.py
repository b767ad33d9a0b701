"""What the name of a value says about it: whether `db.password`, `max_tokens` or `assignee` has to be hidden."""

import re
from functools import lru_cache
from ipaddress import ip_address, ip_network

from sre_copilot.domain.redaction import words

PASSWORD = "password"
SECRET = "secret"
TOKEN = "token"
KEY = "key"
AUTH = "auth"
SHORT_CODE = "short-code"
SESSION = "session"
NAME = "name"
PHONE = "phone"
ADDRESS_IP = "ip"
IDENTITY = "identity"
BIRTH = "birth"
POSTAL = "postal-address"

SECRETS = frozenset({PASSWORD, SECRET, TOKEN, KEY, AUTH, SHORT_CODE, SESSION})
"""Kinds of which any value is a credential; of the others, a value is a person's."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_PASSWORDS = frozenset(
    {
        "password",
        "passwd",
        "pwd",
        "pass",
        "passphrase",
        "passcode",
        "passwort",
        "pw",
        "kennwort",
        "contrasena",
        "userpw",
    }
)
_STRONG = frozenset({"password", "passwd", "passphrase", "secret", "secrets", "passwort"})
_TOKENS = frozenset({"token", "tokens", "jwt", "bearer"})
_AUTHS = frozenset(
    {
        "auth",
        "authorization",
        "cookie",
        "cookies",
        "credential",
        "credentials",
        "creds",
        "cred",
        "sig",
        "csrf",
        "xsrf",
        "hmac",
    }
)
_CODES = frozenset({"otp", "totp", "pin", "cvv", "cvc", "cvv2", "cvc2", "mfa"})
_EXACT = {
    "privatekeyid": KEY, "secretid": SECRET, "secretkeybase": SECRET, "sessionid": SESSION, "session": SESSION, "sid": SESSION, "jsessionid": SESSION,
    "phpsessid": SESSION, "sshkey": KEY, "psk": KEY, "clientkeydata": KEY, "accesskey": KEY, "secretkey": KEY, "apikey": KEY, "privatekey": KEY,
    "mysqlpwd": PASSWORD, "pgpassword": PASSWORD, "signature": AUTH, "xamzsignature": AUTH, "xamzcredential": AUTH, "xgoogsignature": AUTH,
    "xamzsecuritytoken": TOKEN, "setcookie": AUTH, "webhook": "", "dockerconfigjson": SECRET, "snmpcommunity": SECRET, "xapikey": KEY,
}  # fmt: skip
_SUFFIXES = (
    ("password", PASSWORD), ("passwd", PASSWORD), ("passphrase", PASSWORD), ("clientsecret", SECRET), ("appsecret", SECRET), ("secretkey", KEY),
    ("accesstoken", TOKEN), ("authtoken", TOKEN), ("refreshtoken", TOKEN), ("apitoken", TOKEN), ("bearertoken", TOKEN), ("sessiontoken", TOKEN), ("idtoken", TOKEN),
    ("apikey", KEY), ("accesskey", KEY), ("privatekey", KEY), ("secretaccesskey", KEY), ("sharedkey", KEY), ("accountkey", KEY),
    ("authkey", KEY), ("licensekey", KEY), ("encryptionkey", KEY), ("routingkey", KEY), ("servicekey", KEY), ("integrationkey", KEY),
)  # fmt: skip
_PEOPLE = {
    NAME: "user username userlogin login loginname remoteuser authuser enduser customer customername fullname firstname lastname givenname familyname"
    " surname displayname realname contactname author committer assignee reporter employee employeename patient patientname cardholder cardholdername"
    " ownername accountholder nickname screenname ruser suser logname createdby updatedby modifiedby approvedby deployedby triggeredby invitedby"
    " requestedby acknowledgedby assignedto middlename maidenname personname preferredusername samaccountname contact subscriber recipientname",
    PHONE: "phone phonenumber tel telephone mobile mobilenumber cell cellphone msisdn fax whatsapp homephone workphone contactnumber callerid handy",
    ADDRESS_IP: "clientip clientaddress clientaddr remoteip remoteaddr remoteaddress xforwardedfor forwardedfor xrealip realip userip srcip"
    " sourceip sourceipaddress visitorip cfconnectingip trueclientip client rhost",
    IDENTITY: "ssn socialsecurity socialsecuritynumber nationalid nationalidnumber nino nationalinsurance passport passportnumber passportno driverslicense"
    " drivinglicence taxid steuerid bsn pesel sin tin cpf nif dni aadhaar personnummer idcard idnumber insurancenumber",
    BIRTH: "dob birthdate dateofbirth birthday bornon geburtsdatum",
    POSTAL: "street streetaddress postaladdress homeaddress billingaddress shippingaddress addressline addressline1 addressline2 zipcode postcode postalcode",
}  # fmt: skip
_PEOPLES = {word: kind for kind, names in _PEOPLE.items() for word in names.split()}

_MACHINES_MARK = re.compile(r"[/:=$%{}()<>@\\]|\*|^(?:arn|cn)\b")
_INTERNAL = tuple(
    ip_network(block)
    for block in [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/3",
        "::/127",
        "fe80::/10",
        "fc00::/7",
        "ff00::/8",
    ]
)


@lru_cache(maxsize=8192)
def kind_of(name: str) -> str | None:
    """Return the kind of the values under this name, or None where they are ordinary; its case and separators don't matter."""
    parts = [word.lower() for word in _WORD.findall(name)]
    joined = "".join(parts)
    if not joined:
        return None
    for whole in (joined, parts[-1] if len(parts) > 1 and "." in name else joined):
        if whole in _EXACT:
            return _EXACT[whole] or None
    kind = _secret_kind(parts)
    if kind is None and parts[-1] in words.TAILS:
        kind = _secret_kind(parts[:-1])
    return kind or _peoples_kind(name, joined)


def _secret_kind(parts: list[str]) -> str | None:
    if not parts:
        return None
    last, before = parts[-1], parts[-2] if len(parts) > 1 else ""
    if last in _PASSWORDS:
        return PASSWORD
    if last in _TOKENS:
        return TOKEN
    if last in ("secret", "secrets"):
        return SECRET
    if last in _AUTHS:
        return AUTH
    if last in _CODES:
        return SHORT_CODE
    if last == "key" and before in words.KEYS and "public" not in parts:
        return KEY
    joined = "".join(parts)
    for suffix, kind in _SUFFIXES:
        if joined.endswith(suffix):
            return kind
    if last not in words.NEUTRAL and not _STRONG.isdisjoint(parts):
        return PASSWORD if "secret" not in parts else SECRET
    return None


def _peoples_kind(name: str, joined: str) -> str | None:
    last = "".join(_WORD.findall(name.rsplit(".", 1)[-1])).lower()
    return _PEOPLES.get(joined) or _PEOPLES.get(last)


def is_persons(kind: str, value: str) -> bool:
    """Whether a value under a name of this kind is about a person: no service's account, no address within a network."""
    value = value.strip()
    if kind == NAME:
        return is_persons_name(value)
    if kind == ADDRESS_IP:
        return is_peoples_address(value)
    digits = sum(map(str.isdigit, value))
    if kind == PHONE:
        return 6 <= digits <= 15 and not re.search(r"[A-Za-z]{3}", value)
    if kind == IDENTITY:
        return digits >= 5
    if kind == BIRTH:
        return digits >= 4
    return any(map(str.isalnum, value))


def is_persons_name(value: str) -> bool:
    """Whether a login or a name is a person's, as far as one can tell: letters first, and no word for what machines do."""
    parts = [word.lower() for word in _WORD.findall(value)]
    if not parts or not value[0].isalpha() or len(value) > 100 or _MACHINES_MARK.search(value):
        return False
    return words.MACHINES.isdisjoint(parts) and value.lower() not in words.MACHINES


def is_peoples_address(value: str) -> bool:
    """Whether an IP address under a client's name can be a person's: it is not within a private network or this machine.

    Addresses for documentation (RFC 5737, RFC 3849) count, because under such a name they stand for a person's.
    """
    try:
        address = ip_address(value.strip("[]").split("%")[0].split(",")[0].strip())
    except ValueError:
        return False
    return not any(address in network for network in _INTERNAL if network.version == address.version)
