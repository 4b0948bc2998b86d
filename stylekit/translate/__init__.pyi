from .published import PublishedCode as PublishedCode
from .translation import Translation as Translation
from .translation import Translator as Translator
