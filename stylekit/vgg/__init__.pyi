from .features import POOLINGS as POOLINGS
from .features import FeatureExtractor as FeatureExtractor
from .features import Pooling as Pooling
from .weights import Backbone as Backbone
from .weights import backbone_from_file as backbone_from_file
from .weights import load_backbone as load_backbone
