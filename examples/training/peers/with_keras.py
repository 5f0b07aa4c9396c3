"""Keras trains the model of a .keras file on given batches: `with_keras.py JSON`; prints the accuracy as JSON."""

import json
import os
import sys
import warnings

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
warnings.simplefilter("ignore")

import keras  # noqa: E402
import numpy as np  # noqa: E402


def scaled(images):
    return (images.astype(np.float32) - 128) / 64


def main():
    given = json.loads(sys.argv[1])
    stored = np.load(given["data"])
    x, y = stored["x"], stored["y"]
    model = keras.models.load_model(given["model"])
    rate = keras.optimizers.schedules.CosineDecay(given["rate"], -(-len(x) // given["batch"]))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.SGD(rate, given["momentum"]), loss, metrics=["accuracy"])
    for part in np.split(np.arange(len(x)), int(stored["epochs"])):
        model.fit(scaled(x[part]), y[part], given["batch"], verbose=0, shuffle=False)
    result = model.evaluate(scaled(stored["x_test"]), stored["y_test"], 250, verbose=0, return_dict=True)
    print(json.dumps({"accuracy": float(result["accuracy"])}))


main()
