/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arithmetic on the ring: 128-bit numbers modulo 2^128 (RFC 6940, 10.1). */
#ifndef RELOAD_TOPOLOGY_CHORD_RING_H
#define RELOAD_TOPOLOGY_CHORD_RING_H

#include "reload_core/wire/types.h"

/* Bytes of a Node-ID and of a Resource-ID with CHORD-RELOAD (RFC 6940, 10.2). */
#define RELOAD_RING_BYTES 16
#define RELOAD_RING_BITS 128

/* A place on the ring, or a distance on it. */
typedef struct {
	uint64_t hi, lo;
} ReloadRingPoint;

/* Reads the 16 bytes of span; false if it has another length. */
bool reload_ring_point_from_span(ReloadSpan span, ReloadRingPoint *out);

/* The same from a Node-ID, which must have 16 bytes (others read as 0). */
ReloadRingPoint reload_ring_point_from_node_id(const ReloadNodeId *id);

/* Writes point as a Node-ID, or as a Resource-ID, of 16 bytes. */
void reload_ring_point_to_node_id(ReloadRingPoint point, ReloadNodeId *out);
void reload_ring_point_to_resource_id(ReloadRingPoint point, ReloadResourceId *out);

/* Compares as unsigned numbers: negative, 0 or positive. */
int reload_ring_compare(ReloadRingPoint a, ReloadRingPoint b);

/* The sum modulo 2^128. */
ReloadRingPoint reload_ring_add(ReloadRingPoint a, ReloadRingPoint b);

/* How far it is clockwise (toward greater numbers) from one point to another; 0 for the same. */
ReloadRingPoint reload_ring_distance(ReloadRingPoint from, ReloadRingPoint to);

/* 2^exponent, for 0..127. */
ReloadRingPoint reload_ring_power(unsigned exponent);

/* Is x in the interval (after, upto]? With after equal to upto that is the whole ring. */
bool reload_ring_in(ReloadRingPoint x, ReloadRingPoint after, ReloadRingPoint upto);

/* The finger i, 1..128, in whose range [2^(128-i), 2^(129-i)-1] the distance lies; 0 for distance 0
 * (RFC 6940, 10.7.4.2). */
unsigned reload_ring_finger_of(ReloadRingPoint distance);

#endif
