from dataclasses import dataclass
from arm_nb.settings import *
from arm_nb.settings import FLAVOURS, check_number, register_row

assert one_of(['js', 'ce'], 'ce', 'divergence') == 'ce'
try: one_of(['js', 'ce'], 'jss', 'divergence')
except ValueError as e: assert str(e) == "unknown divergence 'jss': did you mean 'js'? There are js, ce"
else: raise AssertionError('a name that is not there was let in')
assert check_number(3, 'N', at_least=1, whole=True) == 3

@dataclass(frozen=True)
class Mine(Config):
    eta: float = number(.1, at_least=0)
    kind: str = choice('a', of=('a', 'b'))
    T: int | str = lag(100)
    recall_from: int | None = first_iteration(100)

assert FLAVOURS == ('released', 'paper') and DATA_ROWS['fmnist5k'] == ('mnist5k', 100)
register_row('letters', 'cifar10', iterations=12)
assert Mine.preset('letters') == Mine(T=12, recall_from=12)
try: Mine(eta=-1)
except ValueError as e: assert str(e) == 'Mine.eta must be a number of at least 0, got -1'
else: raise AssertionError('a step back was let in')

@clear_errors
def longest(words): return max(words, key=len)
try: longest(3)
except TypeError as e: assert str(e) == "longest(words: 3): 'int' object is not iterable"
else: raise AssertionError('a number has no words')
