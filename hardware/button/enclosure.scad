// Panic button on a wall: one red key of 30 mm in a round red dish that guides the hand, and a small one under a bridge.
include <../enclosure/lib.scad>
include <../enclosure/bought.scad>
part = "all";
step = 0;
size = [92, 76, 40];
key_hole = 30.2; // OBSF-30
dish = 58;
board = [70, 45];
board_at = [0, -10.5];
cell_at = [-24, 14.6]; // of its cradle, 17 x 45
cover = [-28, -14];

module button_base() {
    board_fits(size, 6, board, board_at, [[cell_at[0], cell_at[1], 48, 20]]);
    difference() {
        base(size, 6, [16, -10], [for (x = [-30, 30], y = [-26, 5]) [x, y]], 8);
        translate([0, -size[1] / 2 - 1, 13.5]) rotate([-90, 0, 0]) cylinder(d = 2.2, h = 8); // the recessed key's pin-hole
    }
    translate([cell_at[0], cell_at[1], wall - 0.1]) difference() {
        cube([48, 20, 9]);
        translate([1.2, 10, 10.5]) rotate([0, 90, 0]) cylinder(d = 17.4, h = 45.6);
    }
}

module button_lid() {
    color(white) lid(size) {
        translate([-8, 0, -5]) cylinder(d = key_hole, h = 20);
        translate([36, 0, -5]) cylinder(d = 6, h = 20);   // cancel
        translate([36, 16, -5]) cylinder(d = 3, h = 20);  // light
        translate([36, -16, 0]) grille(9, 1.6);           // piezo
    }
    color(white) key_seat([36, 0]);
    color(white) peg(cover, 23);
    color(red) translate([-8, 0, 2.9]) difference() {
        cylinder(d1 = dish, d2 = dish - 6, h = 4);
        translate([0, 0, -0.1]) cylinder(d1 = key_hole + 2, d2 = dish - 10, h = 4.3);
    }
    color(white) translate([36, 0, 2.9]) ring(13, 9, 3.6); // a rim, so that a sleeve does not press it
}

module in_base() {
    translate([board_at[0], board_at[1], 8]) pcb(board);
    translate([-9, 1, 9.6]) module_card([18, 20, 3.2]);                                 // the antenna's end over the edge
    translate([cover[0], cover[1], 9.6]) micro_switch();
    translate([0, board_at[1] - board[1] / 2 + 4, 9.6]) small_key_lying();
    translate([cell_at[0] + 1.5, cell_at[1] + 10, wall + 10.5]) rotate([0, 90, 0]) cell(17, 45);
}

module in_lid() {
    translate([-8, 0, 3]) panel_key(30, red);
    translate([36, 0, 0]) small_key();
    translate([36, 16, -5]) color("#2ecc71") cylinder(d = 3, h = 7);
    translate([36, -16, -4]) color("#d5b24a") cylinder(d = 12.6, h = 3.8);
}

module closed() {
    color(grey) button_base();
    in_base();
    translate([0, 0, size[2]]) { button_lid(); in_lid(); }
}

if (step == 1) { color(grey) button_base(); in_base(); }
else if (step == 2) rotate([180, 0, 0]) { button_lid(); in_lid(); }
else if (step == 3) difference() { closed(); translate([-100, -200 + cover[1], -1]) cube(200); }
else place(part, part == "all" ? size[2] + 22 : 0) {
    color(grey) button_base();
    union() { button_lid(); if (part == "all") translate([-8, 0, 3]) panel_key(30, red); }
}
