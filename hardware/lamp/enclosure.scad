// Heart-lamp for a table or a wall: light above, sound in the middle, below the red key, round and proud, and the green one,
// smaller, in a square frame. In the dark a hand finds which is which.
include <../enclosure/lib.scad>
part = "all";
size = [112, 168, 46];

module lamp_base() {
    difference() {
        base(size, 14);
        translate([0, -size[1] / 2 - 1, 14]) rotate([-90, 0, 0]) cylinder(d = 7, h = 8);    // the adapter's cable
        translate([28, -size[1] / 2 - 1, 14]) rotate([-90, 0, 0]) cylinder(d = 2.2, h = 8); // recessed key
        for (x = [-30 : 12 : 30]) translate([x - 1.5, size[1] / 2 - wall - 1, 12]) cube([3, wall + 2, 18]); // air
    }
    translate([-36, -30, wall]) difference() { // cradle of the cell, 18.6 x 70
        cube([74, 22, 10]);
        translate([1.2, 11, 11]) rotate([0, 90, 0]) cylinder(d = 19.2, h = 71.6);
    }
    for (x = [-40, 40], y = [10, 62]) translate([x, y, 0]) ring(7, 2.4, 9); // the carrier's feet
}

module lamp_lid() {
    color("#e9e6df") lid(size, 14) {
        translate([0, 44, -5]) light_slot();                     // twelve LEDs
        translate([0, -4, 0]) grille(34, 2.2);                   // speaker of 40 mm
        translate([-26, -52, -5]) cylinder(d = 30.2, h = 20);    // red, OBSF-30
        translate([28, -52, -5]) cylinder(d = 24.2, h = 20);     // green, OBSF-24
        translate([0, -72, -5]) cylinder(d = 6, h = 20);         // cancel
    }
    color("#c0392b") translate([-26, -52, 2.9]) ring(41, 34, 4);
    color("#1e8449") translate([28, -52, 2.9]) square_frame(36, 28, 6);
    color("#e9e6df") translate([0, -72, 3]) ring(11, 8, 2.5);
}

module shown() {
    lift = size[2] + 24;
    place(part, part == "all" ? lift : 0) {
        color("#d8d4cb") lamp_base();
        lamp_lid();
    }
    if (part == "all") translate([0, 0, lift]) {
        color("#f7f3e8") translate([0, 44, 3]) diffuser();
        color("#c0392b") translate([-26, -52, 3]) cylinder(d1 = 27, d2 = 24, h = 9);
        color("#1e8449") translate([28, -52, 3]) cylinder(d1 = 21, d2 = 18, h = 4);
    }
}
if (part == "glass") diffuser();
else shown();
