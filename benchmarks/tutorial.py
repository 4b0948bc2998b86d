"""TensorFlow's tutorial "Neural style transfer", on Keras layers as it stands there.

https://www.tensorflow.org/tutorials/generative/style_transfer, before it adds total variation,
which stylekit's loss has not. Written from what it describes. Differs from there in what all
recipes share: the network's weights, its layers and pooling, and the weights of the losses.
"""

from __future__ import annotations

from collections.abc import Generator
from itertools import count

from painting_task import Painted, Task

from stylekit.media.images import fitted_size, resize_image
from stylekit.vgg.runtime import tf
from stylekit.vgg.weights import Backbone


def tutorial(task: Task) -> Generator[Painted]:
    """Its 1000 steps of Adam and more: start from the content, clip after each step."""
    painting = Tutorial(task)
    yield Painted(0, painting.image.numpy()[0])
    for evaluations in count(1):
        painting.step()
        yield Painted(evaluations, painting.image.numpy()[0])


class Tutorial:
    """The variable `image` `(1, H, W, 3)`, its loss and its training step.

    The loss is stylekit's times `Task.published_factor`. Features come from Keras unscaled, so
    that the s_l which stylekit scales them by become weights: s_l² of a content term and s_l⁴ of
    a style term, which also has the calibration of the style.
    """

    def __init__(self, task: Task) -> None:
        settings, scales = task.settings, task.objective.extractor.scales
        factor = task.published_factor
        self._style_names, self._content_names = settings.style_layers, settings.content_layers
        shares = settings.weights.layers or settings.style_layer_weights
        (style,) = task.targets.style
        beta = factor * settings.weights.beta * float(style.weight)
        self._style_weights = {
            name: beta * share * scales[name] ** 4
            for name, share in zip(
                self._style_names, shares or (1.0,) * len(self._style_names), strict=True
            )
        }
        self._content_weights = {
            name: factor * settings.weights.alpha * scales[name] ** 2
            for name in self._content_names
        }
        self._network = keras_network(
            task.objective.backbone, (*self._style_names, *self._content_names), settings.pooling
        )
        height, width = task.style.shape[:2]
        resized = resize_image(task.style, fitted_size((width, height), settings.size))
        self._style_targets = self._extract(tf.constant(resized[None]))[0]
        self._content_targets = self._extract(tf.constant(task.content[None]))[1]
        self.image = tf.Variable(task.content[None])
        self._optimizer = tf.keras.optimizers.Adam(learning_rate=0.02, beta_1=0.99, epsilon=1e-1)
        self._optimizer.build([self.image])
        # Traced, which is compiling, but not run: no step is taken before the clock starts.
        self._train_step = tf.function(self._update).get_concrete_function()

    def step(self) -> None:
        """One step of Adam, and the clipping."""
        self._train_step()

    def loss(self, image: tf.Tensor) -> tf.Tensor:
        """The weighted loss of `image` `(1, H, W, 3)` in [0, 1]."""
        grams, contents = self._extract(image)
        style = [
            weight * tf.reduce_mean((grams[name] - self._style_targets[name]) ** 2)
            for name, weight in self._style_weights.items()
        ]
        content = [
            weight * tf.reduce_mean((contents[name] - self._content_targets[name]) ** 2)
            for name, weight in self._content_weights.items()
        ]
        return tf.add_n(style) + tf.add_n(content)

    def _update(self) -> None:
        with tf.GradientTape() as tape:
            loss = self.loss(self.image)
        gradient = tape.gradient(loss, self.image)
        self._optimizer.apply_gradients([(gradient, self.image)])
        self.image.assign(tf.clip_by_value(self.image, 0.0, 1.0))

    def _extract(self, image: tf.Tensor) -> tuple[dict[str, tf.Tensor], dict[str, tf.Tensor]]:
        """Gram matrices of the style layers and activations of the content layers, by name."""
        outputs = self._network(tf.keras.applications.vgg19.preprocess_input(image * 255.0))
        grams = {name: _gram_matrix(outputs[name]) for name in self._style_names}
        return grams, {name: outputs[name] for name in self._content_names}


def keras_network(backbone: Backbone, layers: tuple[str, ...], pooling: str) -> tf.keras.Model:
    """The backbone as a frozen functional model, from pre-processed pictures to these layers.

    Input is BGR with the mean subtracted, as Keras's pre-processing leaves it.
    """
    names = list(backbone.kernels)
    layers_of = tf.keras.layers
    pool = {"max": layers_of.MaxPooling2D, "average": layers_of.AveragePooling2D}[pooling]
    inputs = x = tf.keras.Input((None, None, 3))
    outputs, weights = {}, {}
    for name in names[: max(map(names.index, layers)) + 1]:
        if name.endswith("_conv1") and name != names[0]:
            x = pool((2, 2), strides=(2, 2))(x)
        kernel, bias = backbone.kernels[name]
        layer = tf.keras.layers.Conv2D(
            kernel.shape[-1], 3, padding="same", activation="relu", name=name
        )
        x = layer(x)
        # The backbone's first kernel is for RGB.
        weights[layer] = kernel[:, :, ::-1] if name == names[0] else kernel, bias
        if name in layers:
            outputs[name] = x
    model = tf.keras.Model(inputs, outputs)
    for layer, arrays in weights.items():
        layer.set_weights(arrays)
    model.trainable = False
    return model


def _gram_matrix(features: tf.Tensor) -> tf.Tensor:
    positions = tf.cast(tf.reduce_prod(tf.shape(features)[1:3]), tf.float32)
    return tf.linalg.einsum("bijc,bijd->bcd", features, features) / positions
