"""Which files hold secrets, judged by their paths alone: such a file's text must never reach a prompt.

Opens no file. The names are those that editors and other assistants keep back (Zed's and Continue's default lists,
Copilot's denied extensions), less the ones that would silence ordinary source code.
"""

from __future__ import annotations

import re
from fnmatch import translate

# By the file's name, in any folder.
_NAMES = {
    "holds environment values": ".env* *.env .dev.vars",
    "holds a key or a certificate": """
        *.pem *.key *.p8 *.p12 *.pfx *.pkcs12 *.jks *.keystore *.keytab *.ppk *.gpg *.pgp *.kdb *.kdbx *.agekey *.ovpn
        *.cert *.crt *.cer *.der id_rsa id_dsa id_ecdsa id_ecdsa_sk id_ed25519 id_ed25519_sk ssh_host_*_key""",
    "holds credentials": """
        .netrc _netrc .npmrc .yarnrc .pypirc .pgpass .my.cnf .htpasswd .git-credentials .dockercfg .boto .s3cfg
        .vault-token .vault_pass .vault-password .kubeconfig kubeconfig application_default_credentials.json
        local.settings.json .secrets *password.txt *passwords.txt""",
    "holds values of an infrastructure": "*.tfvars *.tfvars.json *.tfstate",
    "holds a history of commands": ".*_history",
}
# By the file's name and the folder that it lies in.
_PLACES = {
    "holds credentials": ".docker/config.json .git/config .gem/credentials .cargo/credentials* gh/hosts.yml",
    "lies in a folder of credentials": ".ssh/* .gnupg/* .aws/* .azure/* .kube/* .gcloud/* .password-store/*",
}
# A name that says `secrets` is a vault in a file of data and ordinary code in a file of source.
_DATA = "*.json *.yml *.yaml *.toml *.ini *.cfg *.conf *.txt *.properties *.xml *.csv *.plist *.enc"
_VAULT_NAME = re.compile(r"(?:^|[._-])(?:secrets?|credentials?|passwd|service[_-]?account)(?:$|[._-])")
_VAULT_FOLDERS = frozenset({"secrets", ".secrets", "credentials", ".credentials"})
# What editors and people put behind the name of a copy.
_COPY = re.compile(r"(?:~|\.(?:bak|backup|old|orig|save|copy|tmp|sw[a-z]))+$")
_SEPARATORS = re.compile(r"[/\\]+")


def _any_of(globs: str) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, globs.split())))


_BY_NAME = re.compile("|".join(f"({_any_of(globs).pattern})" for globs in _NAMES.values()))
_NAME_REASONS = tuple(_NAMES)
_BY_PLACE = {
    folder: (_any_of(name), reason)
    for reason, globs in _PLACES.items()
    for folder, _, name in (glob.partition("/") for glob in globs.split())
}
_DATA_ENDING = _any_of(_DATA)


def is_secret(path: str) -> str | None:
    """Why the text of the file at `path` has to be kept back, as words to put behind its name; None for other files.

    `path` may be absolute or relative, with either kind of slash, in any case. A link is judged by its own name: who
    follows it asks again for where it leads. Public keys (`.pub`) are no secret; `.env.example` counts as one, since
    such files get real values.
    """
    *folders, name = _SEPARATORS.split(path.casefold().rstrip("/\\"))
    name = _COPY.sub("", name.strip("#")) or name
    if name.endswith(".pub"):
        return None
    if (found := _BY_NAME.match(name)) and found.lastindex:
        return _NAME_REASONS[found.lastindex - 1]
    for folder in folders:
        if folder in _BY_PLACE and _BY_PLACE[folder][0].match(name):
            return _BY_PLACE[folder][1]
    if _DATA_ENDING.match(name) or "." not in name:
        if _VAULT_NAME.search(name):
            return "holds secrets by its name"
        if _VAULT_FOLDERS.intersection(folders):
            return "lies in a folder of secrets"
    return None
