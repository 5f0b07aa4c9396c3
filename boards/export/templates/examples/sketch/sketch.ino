// Runs @name@ on inputs of zeros, again and again, and prints how long that takes and the first output.
#include <string.h>

#include <@name@.h>

void setup() {
  Serial.begin(115200);
  if (@name@_init() != @upper@_OK) {
    Serial.println("@name@ cannot be initialized");
    while (true) {
    }
  }
}

void loop() {
@fill@  const unsigned long start = micros();
  const int status = @prefix@_invoke();
  Serial.print(status == @upper@_OK ? "ran, microseconds: " : "failed, microseconds: ");
  Serial.println(micros() - start);
@show@  delay(1000);
}
