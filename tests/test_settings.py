"Settings: every method's presets as they were when the published runs were made, and what no field of any method takes."
import json
from dataclasses import asdict, fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from arm_nb.methods import METHODS
from arm_nb.settings import DATA_ROWS, Config, register_row
from arm_nb.streams import DATASETS

FROZEN = json.loads((Path(__file__).parent/'presets.json').read_text())   # '<method> <data> <flavour>' -> every field; written before presets were derived from rows
CONFIGS = sorted({m.config for m in METHODS.values()}, key=lambda c: c.__name__)
FIELDS = [(c, f) for c in CONFIGS for f in fields(c)]
each_field = pytest.mark.parametrize('config, f', FIELDS, ids=[f'{c.__name__}.{f.name}' for c, f in FIELDS])


@pytest.mark.parametrize('key', FROZEN)
def test_a_preset_is_what_it_was(key):
    method, data, flavour = key.split()
    now = asdict(METHODS[method].config.preset(data, flavour))
    assert now == FROZEN[key] and [*now] == [*FROZEN[key]]                       # the same fields in the same order
    assert [type(v) for v in now.values()] == [type(v) for v in FROZEN[key].values()]


def test_the_table_of_data_covers_all_data_sets_and_says_how_long_a_task_is():
    assert {*DATA_ROWS} >= {*DATASETS}
    for name, spec in DATASETS.items(): assert DATA_ROWS[name][1] == spec.counts[0] // spec.n_tasks * spec.passes // 10


@pytest.mark.parametrize('config', CONFIGS, ids=lambda c: c.__name__)
def test_a_new_data_set_has_settings_for_every_method(config):
    register_row('mine', 'cifar10', iterations=33)
    try: mine = config.preset('mine')
    finally: del DATA_ROWS['mine']
    timed = {f.name: 33 for f in fields(config) if f.name in ('T', 'recall_from')}
    assert mine == config.preset('cifar10', iterations=33) == replace(config.preset('cifar10'), **timed)


@each_field
def test_a_field_refuses_what_it_cannot_be_by_name(config, f):
    value, wrong = f.default, [object(), [], float('nan'), float('inf'), -1e-9, 'nonsense', 1j, b'x']
    if isinstance(value, int) and not isinstance(value, bool): wrong += [1.5, np.float64(value), True, -1, '10']
    if isinstance(value, float): wrong += [True, '0.5', -.5]
    if isinstance(value, bool): wrong += [0, 1, 'True', None]
    if isinstance(value, str): wrong += [value + 'x', None, 3]
    for bad in wrong:
        with pytest.raises(ValueError, match=rf'{config.__name__}\.{f.name} '): config(**{f.name: bad})


@each_field
def test_a_field_takes_numpys_kind_and_makes_it_pythons(config, f):
    kind = {bool: np.bool_, int: np.int64, float: np.float64, str: np.str_}[type(f.default)]
    cfg = config(**{f.name: kind(f.default)})
    assert cfg == config() and type(getattr(cfg, f.name)) is type(f.default)
    json.dumps(asdict(cfg))


def test_every_configuration_is_frozen_and_has_the_one_base():
    for c in CONFIGS:
        assert issubclass(c, Config) and is_dataclass(c)
        with pytest.raises(AttributeError): c().N = 3
