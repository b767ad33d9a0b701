"""Credentials that are known by where they stand, planted."""

import base64
import json
import random

from sre_copilot.testing.redaction.planted import ALNUM, BASE64, HEX, Plant, Planted, drawn, in_line, password


def _shaped(*shapes: str, letters: str = "", length: int = 0, is_line: bool = True) -> Plant:
    """A password (or so many letters) in one of these shapes, at every `@@`."""

    def plant(rng: random.Random) -> Planted:
        secret = drawn(rng, letters, length) if letters else password(rng)
        text = rng.choice(shapes).replace("@@", secret)
        return Planted(in_line(rng, text) if is_line else text, (secret,))

    return plant


def _basic(rng: random.Random) -> Planted:
    secret = base64.b64encode(f"deploy:{password(rng)}".encode()).decode()
    text = rng.choice(
        (
            "Authorization: Basic {}",
            "curl -H 'authorization: Basic {}' https://x.example.com",
            '{{"Authorization": "Basic {}"}}',
            "map[Authorization:[Basic {}] Accept:[*/*]]",
        )
    )
    return Planted(in_line(rng, text.format(secret)), (secret,))


def _kubernetes_secret(rng: random.Random) -> Planted:
    first, second = (base64.b64encode(password(rng).encode()).decode() for _ in range(2))
    text = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: cart-db\ntype: Opaque\ndata:\n  username: YXBw\n  password: {first}\n  api-token: {second}\n"
    return Planted(text, (first, second))


def _opaque_secret(rng: random.Random) -> Planted:
    secret = base64.b64encode(password(rng).encode()).decode()
    if rng.random() < 0.5:
        return Planted(f"apiVersion: v1\ndata:\n  cart: {secret}\nkind: Secret\nmetadata:\n  name: x\n", (secret,))
    return Planted(json.dumps({"kind": "Secret", "apiVersion": "v1", "data": {"cart": secret}}), (secret,))


def _docker(rng: random.Random) -> Planted:
    secret = base64.b64encode(f"robot:{password(rng)}".encode()).decode()
    return Planted(json.dumps({"auths": {"registry.example.com": {"auth": secret}}}), (secret,))


def _kubeconfig(rng: random.Random) -> Planted:
    key, token = base64.b64encode(rng.randbytes(200)).decode(), drawn(rng, ALNUM, 40)
    return Planted(f"users:\n- name: admin\n  user:\n    client-key-data: {key}\n    token: {token}\n", (key, token))


def _kubernetes_env(rng: random.Random) -> Planted:
    secret, name = password(rng), rng.choice(("DB_PASSWORD", "API_TOKEN", "STRIPE_SECRET_KEY", "REDIS_PASS"))
    shapes = (
        f"env:\n- name: {name}\n  value: {secret}\n- name: LOG_LEVEL\n  value: info",
        f'env:\n  - name: {name}\n    value: "{secret}"',
        json.dumps({"env": [{"name": name, "value": secret}, {"name": "A", "value": "b"}]}),
        json.dumps({"env": [{"value": secret, "name": name}]}),
        f"[{{Name:{name} Value:{secret} ValueFrom:nil}}]",
    )
    return Planted(rng.choice(shapes), (secret,))


def _dsn(rng: random.Random) -> Planted:
    secret = password(rng)
    shapes = (
        f"postgresql://app:{secret}@db.prod:5432/orders?sslmode=require",
        f"mongodb+srv://svc:{secret}@cluster0.example.net/?retryWrites=true",
        f"redis://:{secret}@cache:6379/0",
        f"amqp://worker:{secret}@mq:5672/%2F",
        f"app:{secret}@tcp(db:3306)/orders?parseTime=true",
        f"host=db port=5432 user=app password={secret} dbname=orders",
        f"Server=db;Database=orders;User Id=sa;Password={secret};Encrypt=true",
        f"jdbc:oracle:thin:app/{secret}@//db:1521/ORCL",
        f"jdbc:mysql://db:3306/orders?user=app&password={secret}",
    )
    return Planted(in_line(rng, rng.choice(shapes)), (secret,))


PLACES: dict[str, Plant] = {
    "bearer header": _shaped("Authorization: Bearer @@", "-H 'Authorization: Bearer @@'", '"authorization": ["Bearer @@"]', "{'Authorization': 'Bearer @@'}", letters=ALNUM + "._-", length=40),
    "basic header": _basic,
    "API key header": _shaped("X-Api-Key: @@", "x-auth-token: @@", '"X-Vault-Token": "@@"', "PRIVATE-TOKEN: @@", letters=ALNUM, length=28),
    "cookie header": _shaped("Cookie: theme=dark; sessionid=@@; lang=en", "set-cookie: sid=@@; Path=/; HttpOnly", '"cookie": "connect.sid=@@"', letters=ALNUM, length=32),
    "user info of a URL": _shaped("cloning https://deploy:@@@git.example.com/shop/cart.git failed", "proxy http://proxyuser:@@@10.0.0.9:3128 refused", "ftp://up:@@@files.example.com/in"),
    "token as user of a URL": _shaped("https://@@@git.example.com/shop/cart.git", "https://@@@sentry.example.com/41", letters=HEX, length=32),
    "DSN": _dsn,
    "query parameter": _shaped("GET /v1/items?page=2&api_key=@@ 401", "callback https://x.example.com/cb?code=@@&state=x", "/login?user=a&password=@@", "wss://x.example.com/ws?access_token=@@", letters=ALNUM, length=30),
    "Kubernetes secret": _kubernetes_secret,
    "Kubernetes secret under ordinary names": _opaque_secret,
    "Kubernetes environment": _kubernetes_env,
    ".npmrc": _shaped("//registry.npmjs.org/:_authToken=@@", "//npm.example.com/:_password=@@", "_auth=@@", letters=ALNUM, length=40, is_line=False),
    "docker config": _docker,
    "kubeconfig": _kubeconfig,
    ".netrc": _shaped("machine git.example.com login deploy password @@", is_line=False),
    ".pgpass": _shaped("db.prod:5432:orders:app:@@", is_line=False),
    "password in key=value": _shaped("password=@@", "db.password=@@ retries=3", "PGPASSWORD=@@ psql -h db", "spring.datasource.password=@@", "passwd='@@'", "userPassword=@@, host=a", "DB_PASS=@@"),
    "password in JSON": _shaped('{"user":"app","password":"@@"}', '{"db":{"adminPassword": "@@", "port": 1}}', '{"secrets": ["@@", "b"]}', '{"credentials": {"a": {"b": "@@"}}}', "{'password': '@@'}"),
    "password in YAML": _shaped("db:\n  password: @@\n  port: 5432", "  secret: '@@'", 'token: "@@"', "passphrase: |\n  @@\n  x", "- password: @@ # old", is_line=False),
    "passphrase of several words": _shaped("password: correct @@ battery", 'passphrase="horse @@ staple"', "  password: @@ and some more", is_line=False),
    "password in XML": _shaped("<password>@@</password>", '<add key="DbPassword" value="@@"/>', "<db:secret>@@</db:secret>"),
    "password in flags": _shaped("app --password @@ --port 80", "app --db-password=@@", "mysql -u root -p@@ orders", "sshpass -p @@ ssh deploy@10.0.0.9", "curl -u deploy:@@ https://x.example.com", "redis-cli -h cache -a @@ ping", '["--token", "@@"]'),
    "password in SQL": _shaped("CREATE USER app IDENTIFIED BY '@@'", "ALTER ROLE app WITH PASSWORD '@@'"),
    "password in a sentence": _shaped("the password is @@ now", 'password for deploy: @@', "Password changed to '@@'", "secret key: @@"),
    "password in tuples": _shaped("('password', '@@')", '["api_key", "@@"]', "[('x', 1), ('auth_token', '@@')]"),
    "webhook secret": _shaped("webhook_secret=@@", "signing_key: @@", "HMAC_SECRET=@@", letters=BASE64, length=40),
    "one-time code": _shaped("otp=@@", "pin: @@", '"cvv": "@@"', letters="123456789", length=6),
    "Terraform variable": _shaped('db_password = "@@"', 'variable "x" { default_secret = "@@" }', 'secret_key   = "@@"'),
}  # fmt: skip
"""By where they stand."""
