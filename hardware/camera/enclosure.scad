// Camera lamp: the lens behind a shutter that a finger moves and everybody sees; its red light beside the lens.
include <../enclosure/lib.scad>
include <../enclosure/bought.scad>
part = "all";
step = 0;
size = [116, 150, 44];
open = 1; // 0: the shutter covers the lens
lens = [0, 50];
board = [90, 50];
board_at = [0, 24];
cell_at = [-36, -34];
cover = [-38, 24];
reset = 30;

module camera_base() {
    board_fits(size, 12, board, board_at, [[cell_at[0], cell_at[1], 74, 22]]);
    difference() {
        base(size, 12, [20, 24], [for (x = [-40, 40], y = [4, 44]) [x, y]]);
        translate([0, -size[1] / 2 - 1, 14]) rotate([-90, 0, 0]) cylinder(d = 7, h = 8);
        translate([reset, -size[1] / 2 - 1, 14]) rotate([-90, 0, 0]) cylinder(d = 2.2, h = 8);
        for (x = [-30 : 12 : 30]) translate([x - 1.5, size[1] / 2 - wall - 1, 12]) cube([3, wall + 2, 16]);
    }
    key_pocket(size, reset, 14);
    translate([cell_at[0], cell_at[1], wall - 0.1]) difference() {
        cube([74, 22, 10]);
        translate([1.2, 11, 11]) rotate([0, 90, 0]) cylinder(d = 19.2, h = 71.6);
    }
}

module camera_lid() {
    color(white) lid(size, 12) {
        translate([lens[0], lens[1], -5]) cylinder(d = 9, h = 20);
        translate([lens[0] - 16, lens[1], -5]) cylinder(d = 5.2, h = 20); // its light, never covered by the shutter
        translate([0, 8, -5]) light_slot();
        translate([-28, -44, -5]) cylinder(d = 30.2, h = 20);
        translate([28, -44, -5]) cylinder(d = 24.2, h = 20);
        translate([0, -62, -5]) cylinder(d = 6, h = 20);
        translate([40, 10, 0]) grille(9, 1.6);
        translate([lens[0] + 9, lens[1] - 2, -5]) cube([22, 4, 20]); // the shutter's tongue moves in it
    }
    color(white) for (y = [-1, 1]) translate([lens[0] - 8, lens[1] + y * 11 - 2, 2.9]) difference() { // rails
        cube([50, 4, 5.1]);
        translate([-1, y > 0 ? -1 : 2.8, 1.1]) cube([52, 2.2, 2.4]);
    }
    color(white) key_seat([0, -62]);
    color(white) peg(cover, 26);
    color(red) translate([-28, -44, 2.9]) ring(41, 34, 4);
    color(green) translate([28, -44, 2.9]) square_frame(36, 28, 6);
    color(white) translate([0, -62, 2.9]) ring(11, 8, 2.6);
}

module shutter() {
    cube([22, 18.8, 1.8]);
    translate([15, 4.4, 0]) cube([4, 10, 7]);
    translate([17.5, 8.4, -9]) cube([2, 2, 9.1]); // its tongue reaches the contact behind the lid
}

module in_base() {
    translate([board_at[0], board_at[1], 9]) pcb(board);
    translate([-26, 18, 10.6]) devkit([52, 28]);
    translate([-26, 1, 10.6]) module_card([34, 15, 4], "#6b3fa0");   // charger
    translate([14, 2, 10.6]) module_card([18, 12, 4], "#6b3fa0");    // boost
    translate([cover[0], cover[1], 10.6]) rotate(90) micro_switch();
    translate([cell_at[0] + 2, cell_at[1] + 11, wall + 11]) rotate([0, 90, 0]) cell(18.4, 69);
    color(copper) translate([0, cell_at[1] + 11, wall + 20.2]) cube([4, 2.4, 2], center = true); // thermistor
    translate([reset, -size[1] / 2 + wall + 4.4, 10.4]) small_key_lying();
}

module shown_on_lid() {
    color("#2c3e50") translate([lens[0] - 7 + 17 * open, lens[1] - 9.4, 4.2]) shutter();
    color(glass) translate([0, 8, 3]) diffuser();
    color("#e74c3c") translate([lens[0] - 16, lens[1], 2]) cylinder(d = 5, h = 2.5);
    translate([-28, -44, 3]) panel_key(30, red);
    translate([28, -44, 3]) panel_key(24, green);
}

module in_lid() {
    shown_on_lid();
    translate([0, -62, 0]) small_key();
    translate([0, 8, 0]) led_ring();
    color("#d5b24a") translate([40, 10, -4]) cylinder(d = 12.6, h = 3.8);            // piezo
    color(dark) translate([lens[0] - 4.2, lens[1] - 4.2, -6]) cube([8.4, 8.4, 6]);   // the lens's module
    color("#c98b2b") translate([lens[0] - 4, lens[1] - 30, -6.2]) cube([8, 27, 0.3]); // and its ribbon
    color("#1f2937") translate([lens[0] - 21, lens[1] - 4, -2]) cube([9, 8, 1.6]);   // the light's board
    translate([lens[0] + 31, lens[1] + 5, -0.5]) rotate([180, 0, 0]) micro_switch(); // the shutter's contact
}

if (part == "glass") diffuser();
else if (part == "shutter") shutter();
else if (step == 1) { color(grey) camera_base(); in_base(); }
else if (step == 2) rotate([180, 0, 180]) { camera_lid(); in_lid(); }
else if (step == 3) {
    color(grey) camera_base();
    translate([0, 0, size[2]]) { camera_lid(); in_lid(); }
}
else place(part, part == "all" ? size[2] + 24 : 0) {
    color(grey) camera_base();
    union() { camera_lid(); if (part == "all") shown_on_lid(); }
}
