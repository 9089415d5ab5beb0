"Wrong types, shapes and dtypes at the doors, and damaged files: what ends, ends with a result or with an error that names what is wrong. The short form of `benchmarks/fuzz.py`."
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]/'benchmarks'))
from fuzz import campaign, functions, names

DOORS = 'METHODS', 'learner', 'replay', 'icarl', 'gem', 'generative', 'check_batch', 'to_unit', 'order', 'Stream.batches', 'n_batches', 'files'
LATER = {f'METHODS[{name}].load_state_dict' for name in ('lwf', 'arm', 'adi', 'gen', 'gen-mir')} | {'METHODS[adi].__init__'}     # `Lagged` does not look at the old network's weights yet, nor `Recaller` at no settings


@pytest.mark.parametrize('seed', [0, 1, 2])
def test_nothing_ends_unclearly(seed):
    made, bad = campaign(130, seed, DOORS, leave=LATER)
    assert sum(made.values()) == 130 and not bad, bad


def test_losses_give_nan_for_nan():
    losses = [k for k, case in functions().items() if case.loss]
    assert len(losses) >= 10
    for name in losses:
        case = functions()[name]
        for argument, value in case.good().items():
            if argument in ('weight', 'x_hat', 'values', 'x') or 'logits' in argument:
                assert case.call(**{**case.good(), argument: value*float('nan')}).isnan(), (name, argument)


def test_a_message_names_an_argument_as_a_word():
    assert names('xb has shape (3,)', ['xb']) and names("state['t'] must be", ['t']) and not names('the batch is empty', ['x', 'xb', 'a_b'])
