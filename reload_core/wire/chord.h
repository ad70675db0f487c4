/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Join and Leave (RFC 6940, 6.4.2), and what CHORD-RELOAD puts into Update, Leave and RouteQueryAns
 * (10.7 to 10.9). */
#ifndef RELOAD_WIRE_CHORD_H
#define RELOAD_WIRE_CHORD_H

#include "reload_core/wire/buffer.h"

typedef struct {
	ReloadNodeId joining_peer_id;
	ReloadSpan overlay_specific_data;
} ReloadJoinReq;

typedef struct {
	ReloadSpan overlay_specific_data;
} ReloadJoinAns;

typedef struct {
	ReloadNodeId leaving_peer_id;
	ReloadSpan overlay_specific_data; /* ChordLeaveData with CHORD-RELOAD */
} ReloadLeaveReq;

typedef enum {
	RELOAD_CHORD_PEER_READY = 1,
	RELOAD_CHORD_NEIGHBORS = 2,
	RELOAD_CHORD_FULL = 3,
} ReloadChordUpdateType;

/* The body of an UpdateReq. The lists are walked with reload_node_id_next; UpdateAns is empty. */
typedef struct {
	uint32_t uptime;	 /* seconds */
	uint8_t type;		 /* ReloadChordUpdateType */
	ReloadSpan predecessors; /* neighbors, full */
	ReloadSpan successors;	 /* neighbors, full */
	ReloadSpan fingers;	 /* full; in ascending order */
} ReloadChordUpdate;

typedef enum {
	RELOAD_CHORD_FROM_SUCC = 1,
	RELOAD_CHORD_FROM_PRED = 2,
} ReloadChordLeaveType;

typedef struct {
	uint8_t type;	  /* ReloadChordLeaveType */
	ReloadSpan nodes; /* the sender's successors (from_succ) or predecessors (from_pred) */
} ReloadChordLeaveData;

typedef struct {
	ReloadNodeId next_peer;
} ReloadChordRouteQueryAns;

/* Decode a body; RELOAD_E_MALFORMED if it is no such structure. node_id_len: bytes of a Node-ID in
 * this overlay, 16..20. */
ReloadStatus reload_join_req_decode(ReloadSpan body, unsigned node_id_len, ReloadJoinReq *out);
ReloadStatus reload_join_ans_decode(ReloadSpan body, ReloadJoinAns *out);
ReloadStatus reload_leave_req_decode(ReloadSpan body, unsigned node_id_len, ReloadLeaveReq *out);
ReloadStatus reload_chord_update_decode(ReloadSpan body, unsigned node_id_len,
					ReloadChordUpdate *out);
ReloadStatus reload_chord_route_query_ans_decode(ReloadSpan body, unsigned node_id_len,
						 ReloadChordRouteQueryAns *out);

/* Decodes the overlay_specific_data of a LeaveReq. */
ReloadStatus reload_chord_leave_data_decode(ReloadSpan data, unsigned node_id_len,
					    ReloadChordLeaveData *out);

/*
 * Append a body (or the data of a LeaveReq); false, and nothing appended, if a part is too long or
 * the type is not defined. The lists in the structures are concatenated Node-IDs:
 * reload_write_node_id into an array makes one.
 */
bool reload_write_join_req(GByteArray *buf, const ReloadJoinReq *req);
bool reload_write_join_ans(GByteArray *buf, const ReloadJoinAns *ans);
bool reload_write_leave_req(GByteArray *buf, const ReloadLeaveReq *req);
bool reload_write_chord_update(GByteArray *buf, const ReloadChordUpdate *update);
bool reload_write_chord_leave_data(GByteArray *buf, const ReloadChordLeaveData *data);
void reload_write_chord_route_query_ans(GByteArray *buf, const ReloadChordRouteQueryAns *ans);

#endif
