/* Whether this machine has what settings of the sensor name. */
#ifndef MAILSEAL_APP_SURROUNDINGS_H
#define MAILSEAL_APP_SURROUNDINGS_H

#include "app/sensor.h"

/* A warning for each: an interface, a user, a folder that is not there, or that may not be written in. Names without a
 * leading slash are of the folder in which the sensor will run, and are not looked for. How many there were. */
unsigned surroundings_check(const struct sensor *);

#endif
