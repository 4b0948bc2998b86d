from .published import Convention as Convention
from .translation import Translation as Translation
from .translation import Translator as Translator
