// Gateway: a plate for a bought steel cabinet of 400 x 300 x 150. Low voltage only on it; mains stays in its own half of the
// cabinet, behind the partition that stands on the plate's left edge.
include <../enclosure/lib.scad>
part = "all";
size = [200, 150];
thick = 4;

module feet(at, dx, dy, d, h) {
    for (x = [0, dx], y = [0, dy]) translate([at[0] + x, at[1] + y, thick]) ring(d, d - 3.4, h);
}

module plate() {
    difference() {
        translate([0, 0, 0]) rounded([size[0], size[1], thick], 6);
        for (x = [-1, 1], y = [-1, 1]) translate([x * (size[0] / 2 - 8), y * (size[1] / 2 - 8), -1]) cylinder(d = 5.5, h = thick + 2);
        for (x = [-60 : 30 : 60], y = [-1, 1]) translate([x - 6, y * 6 - 2, -1]) cube([12, 4, thick + 2]); // cable ties
    }
    feet([-86, 10], 58, 49, 6.2, 8);   // Raspberry Pi 4: 58 x 49, M2.5
    feet([0, 18], 70, 34, 6.2, 8);     // modem on its adapter
    feet([-80, -58], 60, 26, 6.2, 8);  // relay board
    for (x = [10, 76]) translate([x, -62, thick]) cube([3, 42, 16]); // SSD between two cheeks
}

module partition() {
    translate([-size[0] / 2, -size[1] / 2, thick]) difference() {
        cube([3, size[1], 70]);
        translate([-1, 12, 56]) cube([5, size[1] - 24, 20]);
    }
}

if (part == "base" || part == "all") color("#d8d4cb") plate();
if (part == "lid") translate([0, 0, size[0] / 2]) rotate([0, 90, 0]) partition();
if (part == "all") color("#c9a227") partition();
