// What every case is made of. mm. Printed or moulded in a V-0 material (hardware/SAFETY.md).
// `part`: "base", "lid", "glass" (what is printed in clear), or "all" (the lid lifted off, to look at); `step`: a picture of
// the assembly, with what is bought in it (bought.scad), 0: none. No letters anywhere: shapes speak.
$fn = 48;
wall = 2.4;
lip = 2;
gap = 0.3; // between parts that slide into each other
post = 7;  // a screw's post, M3 self-tapping, hole 2.5

module rounded(size, r = 6) {
    linear_extrude(size[2]) offset(r) offset(-r) square([size[0], size[1]], center = true);
}

// As near to the corners as their rounding allows.
module at_posts(size, r) {
    inset = max(wall + post / 2, r - (r - wall - post / 2) / sqrt(2));
    for (x = [-1, 1], y = [-1, 1])
        translate([x * (size[0] / 2 - inset), y * (size[1] / 2 - inset), 0]) children();
}

// An open tray with posts, a board's feet, and keyholes for the wall at [-hang[0], hang[1]] and [hang[0], hang[1]]: a
// screw's head goes in there and comes to rest 9 mm higher, where nothing may stand.
module base(size, r, hang, feet, foot = 9) {
    for (f = feet, x = [-1, 1], y = [0, 9])
        assert(norm([f[0] - x * hang[0], f[1] - hang[1] - y]) > 8.5, "a foot stands in a keyhole");
    difference() {
        union() {
            difference() {
                rounded(size, r);
                translate([0, 0, wall]) rounded([size[0] - 2 * wall, size[1] - 2 * wall, size[2]], r - wall);
            }
            intersection() {
                at_posts(size, r) cylinder(d = post, h = size[2] - lip);
                rounded(size, r);
            }
        }
        at_posts(size, r) translate([0, 0, wall]) cylinder(d = 2.5, h = size[2]);
        for (x = [-1, 1]) translate([x * hang[0], hang[1], -1]) {
            cylinder(d = 8, h = wall + 2);
            translate([-2, 0, 0]) cube([4, 9, wall + 2]);
        }
    }
    for (f = feet) translate([f[0], f[1], 0]) ring(7, 2.4, foot);
}

// A board of this size on feet of this height lies free of walls, posts and of `free`, boxes of [x, y, width, depth].
module board_fits(size, r, board, at, free = []) {
    assert(abs(at[0]) + board[0] / 2 < size[0] / 2 - wall - gap, "the board is too wide");
    assert(abs(at[1]) + board[1] / 2 < size[1] / 2 - wall - gap, "the board is too deep");
    inset = max(wall + post / 2, r - (r - wall - post / 2) / sqrt(2));
    for (x = [-1, 1], y = [-1, 1])
        assert(
            abs(x * (size[0] / 2 - inset) - at[0]) > board[0] / 2 + post / 2
            || abs(y * (size[1] / 2 - inset) - at[1]) > board[1] / 2 + post / 2,
            "the board hits a post"
        );
    for (b = free)
        assert(
            b[0] > at[0] + board[0] / 2 || b[0] + b[2] < at[0] - board[0] / 2
            || b[1] > at[1] + board[1] / 2 || b[1] + b[3] < at[1] - board[1] / 2,
            "the board hits the cell"
        );
}

// Under a lid: what holds a small key of 6 mm behind its hole (its legs look down, a drop of glue), and the peg that
// keeps the cover's switch pressed while the lid is on: it ends 7.4 mm above the board, where a D2F-01L has switched.
module key_seat(at) {
    translate([at[0], at[1], -3.4]) difference() {
        translate([-4.6, -4.6, 0]) cube([9.2, 9.2, 3.5]);
        translate([-3.1, -3.1, -1]) cube([6.2, 6.2, 6]);
    }
}

module peg(at, length) {
    translate([at[0], at[1], -length]) cylinder(d = 5, h = length + 0.1);
}

// Behind a pin-hole in the lower wall: a pocket for a small key of 6 mm whose plunger looks out.
module key_pocket(size, x, z) {
    translate([x, -size[1] / 2 + wall - 0.1, wall - 0.1]) difference() {
        translate([-5, 0, 0]) cube([10, 6, z + 1.5]);
        translate([-3.1, 0.9, z - wall - 3.1]) cube([6.2, 3.7, 20]);
        translate([-2.4, 0.9, z - wall - 3.1]) cube([4.8, 10, 20]);
        translate([0, -1, z - wall]) rotate([-90, 0, 0]) cylinder(d = 2.2, h = 4);
    }
}

// A lid that dips into the tray. Children are cut out of it.
module lid(size, r = 6, thick = 3) {
    inner = [size[0] - 2 * wall - 2 * gap, size[1] - 2 * wall - 2 * gap, lip];
    difference() {
        union() {
            rounded([size[0], size[1], thick], r);
            translate([0, 0, -lip]) difference() {
                rounded(inner, r - wall);
                translate([0, 0, -1]) rounded([inner[0] - 4, inner[1] - 4, lip + 2], max(1, r - wall - 2));
                at_posts(size, r) translate([0, 0, -1]) cylinder(d = post + 1, h = lip + 2);
            }
        }
        at_posts(size, r) translate([0, 0, -lip - 1]) {
            cylinder(d = 3.4, h = thick + lip + 2);
            translate([0, 0, lip + thick - 0.8]) cylinder(d = 6.2, h = 4);
        }
        children();
    }
}

// Holes for sound or air, in rings.
module grille(d, hole = 2, h = 20) {
    for (ring = [0 : 1 : floor(d / 2 / (2 * hole))], i = [0 : max(1, 6 * ring) - 1])
        rotate(ring == 0 ? 0 : 360 * i / (6 * ring)) translate([ring * 2 * hole, 0, -h / 2]) cylinder(d = hole, h = h, $fn = 16);
}

module ring(outer, inner, h) {
    difference() {
        cylinder(d = outer, h = h);
        translate([0, 0, -1]) cylinder(d = inner, h = h + 2);
    }
}

// A square frame with a ridge on each side: what a finger tells from the round one.
module square_frame(outer, inner, h) {
    difference() {
        translate([-outer / 2, -outer / 2, 0]) cube([outer, outer, h]);
        translate([0, 0, -1]) cylinder(d = inner, h = h + 2);
    }
}

// Where the ring of LEDs shines through: a slot all round, held by three spokes; and the clear part that closes it.
module light_slot() {
    difference() {
        ring(40, 20, 20);
        for (a = [0, 120, 240]) rotate(a) translate([0, -1.2, -1]) cube([24, 2.4, 22]);
    }
}

module diffuser() {
    ring(48, 14, 2.5);
    difference() { // glued into the slot
        translate([0, 0, -1.6]) ring(39.4, 20.6, 1.7);
        for (a = [0, 120, 240]) rotate(a) translate([0, -1.6, -3]) cube([24, 3.2, 3]);
    }
}

module place(part, lift) {
    if (part == "base" || part == "all") children(0);
    if (part == "lid") children(1);
    if (part == "all") translate([0, 0, lift]) children(1);
}
