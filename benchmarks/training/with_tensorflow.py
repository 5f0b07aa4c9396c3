"""The jobs on TensorFlow with Keras 3; see serve.py."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import keras
import numpy as np
import tensorflow as tf
from models import mnist_cnn, resnet8
from serve import ADDS, BATCHES, FIT_BATCH, SAMPLES, arguments, peak_bytes, serve

VERSION = f"{tf.__version__}, Keras {keras.__version__}"
LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def trained(model):
    return sum(int(np.prod(v.shape)) for v in model.trainable_weights)


def step_of(model, optimizer, x, y):
    """A traced step, as a loop of one's own has it: quicker than `train_on_batch`."""

    @tf.function
    def step():
        with tf.GradientTape() as tape:
            loss = LOSS(y, model(x, training=True))
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights))  # noqa: B905
        return loss

    return step


def main():
    job, threads = arguments()
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    imported = peak_bytes()
    random = np.random.default_rng(0)
    if job in BATCHES:
        model = resnet8(keras)
        x = tf.constant(random.standard_normal((BATCHES[job], 32, 32, 3), np.float32))
        y = tf.constant(random.integers(0, 10, len(x)).astype(np.int32))
        optimizer = keras.optimizers.SGD(0.01, momentum=0.9)
        optimizer.build(model.trainable_variables)
        serve(step_of(model, optimizer, x, y), trained(model), VERSION, imported)
    elif job == "add":
        a, b = tf.ones(4), tf.ones(4)

        def run():
            for _ in range(ADDS):
                a + b

        serve(run, 0, VERSION, imported, ADDS)
    else:
        model = mnist_cnn(keras)
        model.compile("adam", LOSS, metrics=["accuracy"])
        x = random.random((SAMPLES, 28, 28, 1), np.float32)
        y = random.integers(0, 10, SAMPLES).astype(np.int32)
        serve(lambda: model.fit(x, y, batch_size=FIT_BATCH, verbose=0), trained(model), VERSION, imported, warm=1)


main()
