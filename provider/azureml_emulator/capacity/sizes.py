"""Sizes of virtual machines: those that examples and pages of Azure Machine Learning name. No HTTP."""

from __future__ import annotations

from dataclasses import dataclass

CLUSTERS = ("AmlCompute", "ComputeInstance")


@dataclass(frozen=True)
class Size:
    """A size of machine.

    :param family: as the service spells it, such as ``standardDSv2Family``.
    :param quota: how names of quotas spell the family, such as ``DSv2``.
    :param memory: GiB.
    :param disk: GiB of its temporary disk.
    """

    name: str
    family: str
    quota: str
    cores: int
    memory: float
    disk: int
    gpus: int = 0


def family(name: str, quota: str, *rows: tuple[str, int, float, int, int]) -> tuple[Size, ...]:
    """The sizes of a family, from rows of name, cores, memory, disk and GPUs."""
    return tuple(Size(f"Standard_{row[0]}", name, quota, *row[1:]) for row in rows)


SIZES = (
    *family(
        "standardDSv2Family",
        "DSv2",
        ("DS1_v2", 1, 3.5, 7, 0),
        ("DS2_v2", 2, 7, 14, 0),
        ("DS3_v2", 4, 14, 28, 0),
        ("DS4_v2", 8, 28, 56, 0),
        ("DS5_v2", 16, 56, 112, 0),
        ("DS11_v2", 2, 14, 28, 0),
        ("DS12_v2", 4, 28, 56, 0),
        ("DS13_v2", 8, 56, 112, 0),
        ("DS14_v2", 16, 112, 224, 0),
    ),
    *family(
        "standardFSv2Family",
        "FSv2",
        ("F2s_v2", 2, 4, 16, 0),
        ("F4s_v2", 4, 8, 32, 0),
        ("F8s_v2", 8, 16, 64, 0),
        ("F16s_v2", 16, 32, 128, 0),
        ("F32s_v2", 32, 64, 256, 0),
    ),
    *family(
        "standardEDSv4Family",
        "EDSv4",
        ("E2ds_v4", 2, 16, 75, 0),
        ("E4ds_v4", 4, 32, 150, 0),
        ("E8ds_v4", 8, 64, 300, 0),
        ("E16ds_v4", 16, 128, 600, 0),
    ),
    *family(
        "standardNCSv3Family",
        "NCSv3",
        ("NC6s_v3", 6, 112, 736, 1),
        ("NC12s_v3", 12, 224, 1474, 2),
        ("NC24s_v3", 24, 448, 2948, 4),
    ),
    *family(
        "Standard NCASv3_T4 Family",
        "NCASv3_T4",
        ("NC4as_T4_v3", 4, 28, 180, 1),
        ("NC8as_T4_v3", 8, 56, 360, 1),
        ("NC16as_T4_v3", 16, 110, 360, 1),
        ("NC64as_T4_v3", 64, 440, 2880, 4),
    ),
)
"""Sources: the published example of Virtual Machine Sizes - List (``VirtualMachineSize/list.json``) for the first
family, and the pages of the others, https://learn.microsoft.com/azure/virtual-machines/sizes. All of them have premium
storage and are to be had at low priority."""

QUOTAS = tuple(dict.fromkeys(size.quota for size in SIZES))
"""The families of quotas, in the order of the sizes."""


def size_of(name: str | None) -> Size | None:
    """A size by its name, in any case; None for one that is not in the list."""
    return next((size for size in SIZES if size.name.lower() == str(name).lower()), None)
