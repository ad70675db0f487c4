/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arithmetic modulo 2^128 in two halves of 64 bits, which every compiler has. */
#include "reload_core/topology/chord/ring.h"

static uint64_t half_from_bytes(const uint8_t *bytes)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < 8; i++)
		value = value << 8 | bytes[i];
	return value;
}

static void half_to_bytes(uint64_t value, uint8_t *bytes)
{
	for (unsigned i = 8; i-- > 0; value >>= 8)
		bytes[i] = (uint8_t)value;
}

bool reload_ring_point_from_span(ReloadSpan span, ReloadRingPoint *out)
{
	if (span.len != RELOAD_RING_BYTES)
		return false;
	out->hi = half_from_bytes(span.data);
	out->lo = half_from_bytes(span.data + 8);
	return true;
}

ReloadRingPoint reload_ring_point_from_node_id(const ReloadNodeId *id)
{
	ReloadRingPoint point = {0, 0};

	reload_ring_point_from_span((ReloadSpan){id->id, id->len}, &point);
	return point;
}

void reload_ring_point_to_node_id(ReloadRingPoint point, ReloadNodeId *out)
{
	memset(out, 0, sizeof(*out));
	out->len = RELOAD_RING_BYTES;
	half_to_bytes(point.hi, out->id);
	half_to_bytes(point.lo, out->id + 8);
}

void reload_ring_point_to_resource_id(ReloadRingPoint point, ReloadResourceId *out)
{
	memset(out, 0, sizeof(*out));
	out->len = RELOAD_RING_BYTES;
	half_to_bytes(point.hi, out->id);
	half_to_bytes(point.lo, out->id + 8);
}

int reload_ring_compare(ReloadRingPoint a, ReloadRingPoint b)
{
	if (a.hi != b.hi)
		return a.hi < b.hi ? -1 : 1;
	if (a.lo != b.lo)
		return a.lo < b.lo ? -1 : 1;
	return 0;
}

ReloadRingPoint reload_ring_add(ReloadRingPoint a, ReloadRingPoint b)
{
	ReloadRingPoint sum = {a.hi + b.hi, a.lo + b.lo};

	if (sum.lo < a.lo)
		sum.hi++;
	return sum;
}

ReloadRingPoint reload_ring_distance(ReloadRingPoint from, ReloadRingPoint to)
{
	ReloadRingPoint d = {to.hi - from.hi, to.lo - from.lo};

	if (to.lo < from.lo)
		d.hi--;
	return d;
}

ReloadRingPoint reload_ring_power(unsigned exponent)
{
	if (exponent >= 64)
		return (ReloadRingPoint){UINT64_C(1) << (exponent - 64), 0};
	return (ReloadRingPoint){0, UINT64_C(1) << exponent};
}

bool reload_ring_in(ReloadRingPoint x, ReloadRingPoint after, ReloadRingPoint upto)
{
	ReloadRingPoint zero = {0, 0};
	ReloadRingPoint width = reload_ring_distance(after, upto);
	ReloadRingPoint d = reload_ring_distance(after, x);

	if (reload_ring_compare(width, zero) == 0)
		return true;
	return reload_ring_compare(d, zero) != 0 && reload_ring_compare(d, width) <= 0;
}

unsigned reload_ring_finger_of(ReloadRingPoint distance)
{
	if (distance.hi != 0)
		return (unsigned)__builtin_clzll(distance.hi) + 1;
	if (distance.lo != 0)
		return (unsigned)__builtin_clzll(distance.lo) + 65;
	return 0;
}
