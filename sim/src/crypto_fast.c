/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/crypto_fast.h"
