"""Which data sets there are: whose, under which licence, at which address."""

from collections.abc import Mapping
from dataclasses import dataclass

from segpredict.errors import UnknownNameError


@dataclass(frozen=True, slots=True)
class ArchiveMember:
    """A file of an archive that is kept."""

    name: str  # its name in the archive and in the folder
    header: str = ""  # a line of column names to put above its rows, where it has none


@dataclass(frozen=True, slots=True)
class PublicDataset:
    """A public data set.

    Examples
    --------
    >>> get_dataset("cdnow").title
    'CDNOW: a seller of CDs, one cohort, 1997-01 to 1998-06'
    """

    name: str  # what it is called here; a preset of that name reads it
    # what it is, what its owner allows, and the page that says so
    title: str
    licence: str
    source: str
    url: str  # where its archive is (ZIP)
    members: tuple[ArchiveMember, ...]  # what is kept of it
    bytes: int = 0  # size of the archive; 0 where it is not known for sure
    sha256: str = ""  # its checksum; empty where it is not known for sure
    max_bytes: int = 200_000_000  # bytes that are read at most


# Checksums of UCI's two archives are those that many independent projects published for
# these addresses; for CDNOW two that differ are in use, so none is pinned.
_ALL = (
    PublicDataset(
        "online_retail",
        "Online Retail: a British wholesaler of gifts, 2010-12 to 2011-12",
        "CC BY 4.0, Chen (2015), doi:10.24432/C5BW33",
        "https://archive.ics.uci.edu/dataset/352/online+retail",
        "https://archive.ics.uci.edu/static/public/352/online+retail.zip",
        (ArchiveMember("Online Retail.xlsx"),),
        sha256="f5385cbb54bbebf7196389109c6b0621faab0c304e3702548165e71c84aede8b",
    ),
    PublicDataset(
        "online_retail_ii",
        "Online Retail II: the same shop, 2009-12 to 2011-12",
        "CC BY 4.0, Chen (2012), doi:10.24432/C5CG6D",
        "https://archive.ics.uci.edu/dataset/502/online+retail+ii",
        "https://archive.ics.uci.edu/static/public/502/online+retail+ii.zip",
        (ArchiveMember("online_retail_II.xlsx"),),
        bytes=45_622_418,
        sha256="572e36277c2390fbfde10664750731e0a86f55e33470d91919085f0408e67bfb",
    ),
    PublicDataset(
        "cdnow",
        "CDNOW: a seller of CDs, one cohort, 1997-01 to 1998-06",
        "none stated: for research, citing Fader and Hardie (2001)",
        "https://www.brucehardie.com/datasets/",
        "https://www.brucehardie.com/datasets/CDNOW_master.zip",
        (ArchiveMember("CDNOW_master.txt", "customer_id date number_of_cds dollar_value"),),
    ),
)
DATASETS: Mapping[str, PublicDataset] = {each.name: each for each in _ALL}


def get_dataset(name: str) -> PublicDataset:
    """Return the data set of that name.

    Raises
    ------
    UnknownNameError
        When there is none.

    Examples
    --------
    >>> get_dataset("cdnow").members[0].name
    'CDNOW_master.txt'
    """
    if name not in DATASETS:
        raise UnknownNameError("public data set", name, DATASETS)
    return DATASETS[name]
