"python -m arm_nb: the command `arm_nb`."
from .cli import main

if __name__ == '__main__': main()
