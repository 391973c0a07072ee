from . import cells
from .case import *
