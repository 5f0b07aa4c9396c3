/* Runs @name@ once, on inputs of zeros, and prints its outputs. */
#include <stdio.h>
#include <string.h>

#include "@name@.h"

int main(void)
{
    int status = @name@_init();
    if (status == @upper@_OK) {
@fill@        status = @prefix@_invoke();
    }
    if (status != @upper@_OK) {
        fprintf(stderr, "@name@ failed with code %d\n", status);
        return 1;
    }
@show@    return 0;
}
