import pytest
from hypothesis import given
from hypothesis import strategies as st

from mellum_ls.context.privacy.secret_paths import is_secret

SECRET = """
.env .env.local .env.example .envrc .ENV web/.env.production prod.env .env~ .env.bak .env.swp #.env#
server.pem tls/server.key cert.crt old.p12 release.keystore putty.ppk vault.kdbx signing.gpg server.key.bak
id_rsa .ssh/id_ed25519 /home/u/.ssh/config /home/u/.aws/credentials .kube/config ~/.gnupg/trustdb.gpg id_rsa.old
.netrc .npmrc .pypirc .pgpass .git-credentials .docker/config.json repo/.git/config .cargo/credentials.toml
.config/gh/hosts.yml .bash_history .psql_history .secrets
secrets.yml config/secrets.yaml .streamlit/secrets.toml credentials.json my-credentials.json client_secret.json
client_secret_123.json service-account.json service_account-prod.json db-password.txt prod.secrets.properties
deploy/secrets/db.yaml .secrets/token secrets/api_token terraform.tfvars terraform.tfstate infra/x.tfvars.json
C:\\Users\\u\\.ssh\\config C:\\p\\.env
"""

OPEN = """
main.py environment.py env.py .environ/x.py keys.py key pem.go monkey.rs keyboard.ts certificate.md
context/privacy/secret_paths.py pkg/secrets/controller.go src/credentials.ts passwords.rb secret_santa.py
tokens.json package.json
id_rsa.pub .ssh/id_ed25519.pub README Makefile config.json settings.json .gitignore .git/COMMIT_EDITMSG
private/api.py certs/main.go hosts.yml history.txt secretary.txt a.pub .vscode/settings.json public.csv
locales/passwords.en.yml
"""


@pytest.mark.parametrize("path", SECRET.split())
def test_a_secret_is_found_and_the_reason_said(path: str) -> None:
    assert (is_secret(path) or "").startswith(("holds ", "lies in "))


@pytest.mark.parametrize("path", [*OPEN.split(), "", "/", "untitled:Untitled-1", "a b.py", "~", "##"])
def test_ordinary_files_are_left_alone(path: str) -> None:
    assert is_secret(path) is None


@given(st.sampled_from(SECRET.split()), st.lists(st.text("ab.-_ ", min_size=1, max_size=5), max_size=3), st.booleans())
def test_neither_case_nor_the_folder_above_hides_a_secret(path: str, above: list[str], windows: bool) -> None:
    deep = "/".join([*above, path]).upper()
    assert is_secret(deep.replace("/", "\\") if windows else deep) is not None


@given(st.text(max_size=30))
def test_any_text_is_judged(path: str) -> None:
    reason = is_secret(path)
    assert reason is None or (reason and path.strip("/\\"))
