"""The models in Keras's names; `keras` is Keras 3 or `rillet.keras`."""


def resnet8(keras):
    layers = keras.layers
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(16, 3, padding="same")(inputs)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    for filters, strides in ((16, 1), (32, 2), (64, 2)):
        y = layers.BatchNormalization()(layers.Conv2D(filters, 3, strides, padding="same")(x))
        y = layers.Conv2D(filters, 3, padding="same")(layers.Activation("relu")(y))
        y = layers.BatchNormalization()(y)
        if strides > 1:
            x = layers.Conv2D(filters, 1, strides, padding="same")(x)
        x = layers.Activation("relu")(layers.Add()([x, y]))
    return keras.Model(inputs, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))


def mnist_cnn(keras):
    layers = keras.layers
    return keras.Sequential([
        keras.Input((28, 28, 1)),
        layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(2),
        layers.Flatten(), layers.Dropout(0.5), layers.Dense(10),
    ])  # fmt: skip
