from pathlib import Path

import argql
import pytest

EXEMPTED = """
securityresources
| where type == 'microsoft.security/assessments' and properties.status.cause == 'Exempt'
"""


@pytest.fixture(scope="session")
def sample() -> argql.Engine:
    return argql.Engine().sample()


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Two pages of `pets`."""
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "pets-0001.json").write_text('[{"name":"Tom","lives":9},{"name":"Rex","lives":1}]')
    (folder / "pets-0002.json").write_text('[{"name":"Ida","lives":7}]')
    return folder
