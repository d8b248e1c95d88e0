// Panic button on a wall: one red key of 30 mm in a round red dish that guides the hand, and a small one under a bridge.
include <../enclosure/lib.scad>
part = "all";
size = [92, 68, 40];
key_hole = 30.2; // OBSF-30
dish = 58;

module button_base() {
    difference() {
        base(size);
        translate([0, -size[1] / 2 - 1, 10]) rotate([-90, 0, 0]) cylinder(d = 2.2, h = 8); // the recessed key's pin-hole
    }
    translate([-24, size[1] / 2 - wall - 21, wall]) difference() { // cradle of the cell, 17 x 45
        cube([48, 20, 9]);
        translate([1.2, 10, 10.5]) rotate([0, 90, 0]) cylinder(d = 17.4, h = 45.6);
    }
    for (x = [-30, 30], y = [-24, 2]) translate([x, y, 0]) ring(6, 2.4, 8); // the board's feet
}

module button_lid() {
    color("#e9e6df") lid(size) {
        translate([-8, 0, -5]) cylinder(d = key_hole, h = 20);
        translate([36, 0, -5]) cylinder(d = 7, h = 20);   // cancel
        translate([36, 16, -5]) cylinder(d = 3, h = 20);  // light
        translate([36, -16, 0]) grille(9, 1.6);           // piezo
    }
    color("#c0392b") translate([-8, 0, 2.9]) difference() {
        cylinder(d1 = dish, d2 = dish - 6, h = 4);
        translate([0, 0, -0.1]) cylinder(d1 = key_hole + 2, d2 = dish - 10, h = 4.3);
    }
    color("#e9e6df") translate([36, 0, 3]) ring(13, 9, 3.5); // a rim, so that a sleeve does not press it
}

module shown() {
    place(part, part == "all" ? size[2] + 22 : 0) {
        color("#d8d4cb") button_base();
        button_lid();
    }
    if (part == "all") color("#c0392b") translate([-8, 0, size[2] + 24]) cylinder(d1 = 26, d2 = 23, h = 7);
}
shown();
